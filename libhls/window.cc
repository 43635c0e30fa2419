#include "libhls/window.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace camctl::hls {
namespace {

using media::AccessUnit;
using media::TrackKind;
using std::chrono::steady_clock;
using std::chrono::system_clock;

system_clock::time_point compare_clocks(steady_clock::time_point moment) {
  return system_clock::now() +
         std::chrono::duration_cast<system_clock::duration>(moment - steady_clock::now());
}

// The most that rounds down.
constexpr std::chrono::milliseconds kLongestRounded{499};

// What a segment takes of memory.
std::size_t cost(const Segment& segment) {
  return segment.bytes + segment.units.size() * Window::kUnitOverhead;
}

MediaTime total_duration(const std::vector<SegmentPtr>& segments) {
  return std::accumulate(segments.begin(), segments.end(), MediaTime{},
                         [](MediaTime sum, const SegmentPtr& segment) { return sum + segment->duration; });
}

}  // namespace

std::chrono::seconds target_duration(const WindowOptions& options) {
  return std::max({std::chrono::ceil<std::chrono::seconds>(options.segment_duration), options.longest_gop,
                   std::chrono::seconds{1}});
}

Window::Window(WindowOptions options, WallClock wall_clock)
    : options_(options),
      target_(target_duration(options)),
      wall_clock_(wall_clock ? std::move(wall_clock) : compare_clocks),
      init_version_(options.first_init_version),
      next_number_(options.first_number) {
  auto state = std::make_shared<WindowState>();
  state->target_duration = target_;
  state_ = std::move(state);
}

bool Window::set_info(media::StreamInfoPtr info) {
  assert(info);
  bool listed = false;
  if (info_) {
    if (*info == *info_) return false;
    listed = break_off();
    ++init_version_;
  }
  info_ = std::move(info);
  wait_for_key_ = info_->video.has_value();
  last_key_.reset();
  last_gop_ = {};
  const std::lock_guard lock(mutex_);
  current_info_ = info_;
  current_version_ = init_version_;
  return listed;
}

bool Window::push(AccessUnit unit, Break brk) {
  if (unit.track == TrackKind::kMetadata || !has_track(unit.track)) return false;
  last_arrival_ = unit.arrival;
  bool listed = false;
  if (brk == Break::kHard) listed = break_off();
  if (brk == Break::kSoft) cut_at_next_key_ = true;
  if (!admit(unit)) {
    const std::lock_guard lock(mutex_);
    ++counters_.dropped_units;
    return listed;
  }
  const auto time = time_of(unit);
  if (open_ && must_cut(unit, time)) listed = close(&unit) || listed;
  if (!open_) begin(unit, time);
  if (unit.track == TrackKind::kVideo && unit.key) {
    if (last_key_) last_gop_ = time - *last_key_;
    last_key_ = time;
  }
  append(std::move(unit), time);
  return listed;
}

bool Window::interrupt() { return break_off(); }

bool Window::end() {
  const bool listed = break_off();
  const std::lock_guard lock(mutex_);
  auto state = std::make_shared<WindowState>(*state_);
  state->ended = true;
  state_ = std::move(state);
  return listed;
}

std::shared_ptr<const WindowState> Window::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

SegmentPtr Window::find(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::lower_bound(kept_.begin(), kept_.end(), number,
                       [](const Kept& kept, std::uint64_t n) { return kept.segment->number < n; });
  return found != kept_.end() && found->segment->number == number ? found->segment : nullptr;
}

media::StreamInfoPtr Window::find_info(std::uint32_t version) const {
  const std::lock_guard lock(mutex_);
  if (current_info_ && version == current_version_) return current_info_;
  for (const auto& kept : kept_) {
    if (kept.segment->init_version == version) return kept.segment->info;
  }
  return nullptr;
}

NewestGop Window::newest_gop() const {
  const std::lock_guard lock(mutex_);
  return gop_;
}

Window::Counters Window::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

bool Window::has_track(TrackKind kind) const {
  return info_ && (kind == TrackKind::kVideo ? info_->video.has_value() : info_->audio.has_value());
}

MediaTime Window::time_of(const AccessUnit& unit) const {
  const auto rate = unit.track == TrackKind::kVideo ? info_->video->clock_rate : info_->audio->clock_rate;
  return to_media_time(unit.dts, std::max(rate, 1u));
}

// Decides whether anything can be decoded from this unit on.
bool Window::admit(const AccessUnit& unit) {
  if (unit.track != TrackKind::kVideo) return open_ || !info_->video;
  if (unit.key) {
    wait_for_key_ = false;
  } else if (unit.gap_before) {
    wait_for_key_ = true;
  }
  return !wait_for_key_;
}

MediaTime Window::longest() const {
  return MediaTime(target_) + std::chrono::duration_cast<MediaTime>(kRounding);
}

bool Window::must_cut(const AccessUnit& unit, MediaTime time) const {
  if (cost(*open_) + unit.data.size() > options_.max_bytes / 4) return true;
  const auto elapsed = time - open_->start;
  const auto wanted = std::chrono::duration_cast<MediaTime>(options_.segment_duration);
  if (!info_->video) return elapsed >= wanted;
  if (unit.track != TrackKind::kVideo) {
    // Sound goes on and pictures do not: the segment must end all the same.
    return elapsed > longest() && open_end_ + std::chrono::duration_cast<MediaTime>(kRounding) < time;
  }
  if (unit.key) {
    if (cut_at_next_key_ || !open_->independent) return true;
    const auto tolerance = std::min(std::chrono::duration_cast<MediaTime>(kCutTolerance), wanted / 20);
    const auto gop = last_key_ ? time - *last_key_ : MediaTime{};
    const bool next_key_is_too_late = gop <= longest() && elapsed + gop > longest();
    return elapsed + tolerance >= wanted || next_key_is_too_late;
  }
  // Inside a GOP: in equal pieces where its length is known, as late as possible else.
  if (last_gop_ > longest()) {
    const auto pieces = (last_gop_ + target_ - MediaTime{1}) / MediaTime(target_);
    return elapsed >= last_gop_ / pieces;
  }
  return elapsed + to_media_time(unit.duration, std::max(info_->video->clock_rate, 1u)) > longest();
}

void Window::begin(const AccessUnit& unit, MediaTime time) {
  open_ = std::make_shared<Segment>();
  open_->number = next_number_++;
  open_->discontinuity = discontinuity_pending_ && open_->number > options_.first_number;
  if (open_->discontinuity) ++discontinuities_;
  open_->discontinuity_sequence = discontinuities_;
  open_->independent = !info_->video || (unit.track == TrackKind::kVideo && unit.key);
  open_->init_version = init_version_;
  open_->info = info_;
  open_->start = time;
  open_end_ = time;
  discontinuity_pending_ = false;
  cut_at_next_key_ = false;
}

void Window::append(AccessUnit unit, MediaTime time) {
  const bool times_segments = unit.track == TrackKind::kVideo || !info_->video;
  if (times_segments) {
    const auto rate = unit.track == TrackKind::kVideo ? info_->video->clock_rate : info_->audio->clock_rate;
    open_end_ = time + to_media_time(unit.duration, std::max(rate, 1u));
  }
  open_->bytes += unit.data.size();
  auto shared = std::make_shared<const AccessUnit>(std::move(unit));
  if (shared->track == TrackKind::kVideo) remember_gop(shared);
  if (on_unit_) on_unit_({shared, info_, init_version_});
  open_->units.push_back(std::move(shared));
}

// Ends the segment being built; `next` is what begins the following one, if that is known.
bool Window::close(const AccessUnit* next) {
  if (!open_) return false;
  auto segment = std::move(open_);
  open_.reset();
  auto end = open_end_;
  const auto rounds_to_target = MediaTime(target_) + std::chrono::duration_cast<MediaTime>(kLongestRounded);
  if (next != nullptr && time_of(*next) - segment->start <= rounds_to_target) {
    end = time_of(*next);
    (next->track == TrackKind::kVideo ? segment->video_end : segment->audio_end) = next->dts;
  } else if (next != nullptr) {
    // Lost pictures leave a hole that no segment may span.
    discontinuity_pending_ = true;
  }
  // A cut by its soft cause is signalled even though the axis goes on.
  if (next != nullptr && cut_at_next_key_ && next->key && next->track == TrackKind::kVideo)
    discontinuity_pending_ = true;
  segment->duration = std::clamp(end - segment->start, MediaTime{1}, rounds_to_target);
  segment->program_date_time = date_of(*segment);
  publish(std::move(segment));
  return true;
}

bool Window::break_off() {
  const bool listed = close(nullptr);
  discontinuity_pending_ = next_number_ > options_.first_number;
  wait_for_key_ = !info_ || info_->video.has_value();
  last_key_.reset();
  return listed;
}

// By the unit that was the least late; followed slowly, so that jitter does not show.
system_clock::time_point Window::date_of(const Segment& segment) {
  const auto to_wall = wall_clock_(last_arrival_).time_since_epoch() -
                       std::chrono::duration_cast<system_clock::duration>(last_arrival_.time_since_epoch());
  auto least = system_clock::duration::max();
  for (const auto& unit : segment.units) {
    const auto arrival = std::chrono::duration_cast<system_clock::duration>(unit->arrival.time_since_epoch());
    least = std::min(least,
                     arrival + to_wall - std::chrono::duration_cast<system_clock::duration>(time_of(*unit)));
  }
  if (!date_offset_ || segment.discontinuity || std::chrono::abs(least - *date_offset_) > kClockStep) {
    date_offset_ = least;
  } else {
    const system_clock::duration slew = kLargestClockSlew;
    *date_offset_ += std::clamp(least - *date_offset_, -slew, slew);
  }
  return system_clock::time_point(*date_offset_ +
                                  std::chrono::duration_cast<system_clock::duration>(segment.start));
}

void Window::publish(SegmentPtr segment) {
  const std::lock_guard lock(mutex_);
  counters_.bytes += cost(*segment);
  if (!segment->independent) ++counters_.cut_inside_gop;
  auto state = std::make_shared<WindowState>(*state_);
  state->independent = state->independent && segment->independent;
  state->segments.push_back(segment);
  kept_.push_back({std::move(segment), std::nullopt});
  state_ = std::move(state);
  delist_and_evict();
}

void Window::delist_and_evict() {
  auto state = std::make_shared<WindowState>(*state_);
  auto& listed = state->segments;
  while (listed.size() > options_.segments &&
         total_duration(listed) - listed.front()->duration >= kLeastTargets * MediaTime(target_)) {
    // RFC 8216 §6.2.2: fetchable for its own duration and that of the longest playlist that listed it.
    const auto keep = total_duration(listed) + listed.front()->duration;
    const auto kept =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) { return k.segment == listed.front(); });
    kept->delisted_until = last_arrival_ + std::chrono::duration_cast<steady_clock::duration>(keep);
    listed.erase(listed.begin());
  }
  auto first = kept_.begin();
  while (first != kept_.end() && first->delisted_until && *first->delisted_until < last_arrival_) {
    counters_.bytes -= cost(*first->segment);
    ++first;
  }
  while (kept_.end() - first > 1 && counters_.bytes > options_.max_bytes / 4 * 3) {
    counters_.bytes -= cost(*first->segment);
    if (!first->delisted_until) listed.erase(listed.begin());
    ++counters_.evicted_early;
    ++first;
  }
  kept_.erase(kept_.begin(), first);
  state_ = std::move(state);
}

void Window::remember_gop(const media::AccessUnitPtr& unit) {
  const std::lock_guard lock(mutex_);
  if (unit->key) {
    gop_.units.clear();
    gop_.info = info_;
    gop_.init_version = init_version_;
    gop_bytes_ = 0;
  } else if (gop_.units.empty()) {
    return;
  }
  gop_bytes_ += unit->data.size() + kUnitOverhead;
  if (gop_bytes_ <= options_.max_bytes / 4 || unit->key) {
    gop_.units.push_back(unit);
  } else {
    gop_.units.resize(1);
  }
}

}  // namespace camctl::hls
