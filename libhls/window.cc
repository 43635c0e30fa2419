#include "libhls/window.h"

#include <algorithm>
#include <cassert>
#include <utility>

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
      next_number_(options.first_number),
      breaks_(options.breaks ? options.breaks : std::make_shared<BreakCount>()),
      discontinuities_(breaks_->get()),
      parts_(options.part_duration, target_) {
  auto state = std::make_shared<WindowState>();
  state->target_duration = target_;
  state->next_number = next_number_;
  state_ = std::move(state);
}

Listed Window::set_info(media::StreamInfoPtr info) {
  assert(info);
  Listed listed;
  if (info_) {
    if (*info == *info_) return {};
    listed.segment = break_off();
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

Listed Window::push(AccessUnit unit, Break brk) {
  if (unit.track == TrackKind::kMetadata || !has_track(unit.track)) return {};
  last_arrival_ = unit.arrival;
  now_ = std::max(now_, unit.arrival);
  Listed listed;
  const bool hole = misses_pictures(unit);
  if (brk == Break::kHard || hole) listed.segment = break_off();
  if (brk == Break::kSoft || discontinuities_ < breaks_->get()) cut_at_next_key_ = true;
  if (hole) {
    const std::lock_guard lock(mutex_);
    ++counters_.holes;
  }
  if (!admit(unit)) {
    const std::lock_guard lock(mutex_);
    ++counters_.dropped_units;
    return listed;
  }
  last_kept_ = unit.arrival;
  gap_from_.reset();
  const auto time = time_of(unit);
  if (open_ && must_cut(unit, time)) listed.segment = close(&unit) || listed.segment;
  const bool times = times_segments(unit);
  if (!open_) begin(unit, time);
  const auto parts = open_->parts.size();
  if (const auto span = times ? parts_.end_before(time) : std::nullopt) {
    const auto end = span->end == time ? unit.dts : to_ticks(span->end, rate_of(unit.track));
    const bool video = unit.track == TrackKind::kVideo;
    add_part(*span, video ? end : 0, video ? 0 : end);
  }
  if (unit.track == TrackKind::kVideo && unit.key) note_key(time);
  const auto duration = to_media_time(unit.duration, rate_of(unit.track));
  append(std::move(unit), time);
  if (const auto span = times ? parts_.end_after(time, duration) : std::nullopt) add_part(*span, 0, 0);
  listed.part = open_->parts.size() > parts;
  if (listed.part) publish_open();
  return listed;
}

void Window::note_key(MediaTime time) {
  if (last_key_) {
    last_gop_ = time - *last_key_;
    const std::lock_guard lock(mutex_);
    counters_.longest_gop = std::max(counters_.longest_gop, last_gop_);
  }
  last_key_ = time;
}

Listed Window::interrupt(steady_clock::time_point now) {
  now_ = std::max(now_, now);
  return {break_off(), false};
}

Listed Window::end() {
  const Listed listed{break_off(), false};
  const std::lock_guard lock(mutex_);
  auto state = next_state();
  state->ended = true;
  state_ = std::move(state);
  return listed;
}

bool Window::has_track(TrackKind kind) const {
  return info_ && (kind == TrackKind::kVideo ? info_->video.has_value() : info_->audio.has_value());
}

std::uint32_t Window::rate_of(TrackKind kind) const {
  return std::max(kind == TrackKind::kVideo ? info_->video->clock_rate : info_->audio->clock_rate, 1u);
}

MediaTime Window::time_of(const AccessUnit& unit) const {
  return to_media_time(unit.dts, rate_of(unit.track));
}

bool Window::times_segments(const AccessUnit& unit) const {
  return unit.track == TrackKind::kVideo || !info_->video;
}

// Whether the segment being built can't go on with this unit, for what was lost before it. A loss before a
// key frame may have been no picture at all.
bool Window::misses_pictures(const AccessUnit& unit) const {
  if (!open_ || !unit.gap_before || !times_segments(unit)) return false;
  const auto frame = to_media_time(unit.duration, rate_of(unit.track));
  return !unit.key || time_of(unit) - open_end_ > frame / 2;
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
  return elapsed + to_media_time(unit.duration, rate_of(unit.track)) > longest();
}

// Whether the unit after those that are here will probably begin a segment.
bool Window::expects_cut() const {
  AccessUnit next;
  next.track = info_->video ? TrackKind::kVideo : TrackKind::kAudio;
  const auto frame = open_->units.back()->duration;
  const auto half = to_media_time(frame, rate_of(next.track)) / 2;
  next.duration = frame;
  next.key = last_key_ && last_gop_ > MediaTime{} && open_end_ - *last_key_ >= last_gop_ - half;
  return must_cut(next, open_end_);
}

void Window::begin(const AccessUnit& unit, MediaTime time) {
  open_ = std::make_shared<Segment>();
  open_->number = next_number_++;
  if (std::exchange(fresh_, false))
    discontinuities_ = std::max(discontinuities_, breaks_->get());
  else
    open_->discontinuity = discontinuity_pending_;
  if (open_->discontinuity) breaks_->raise_to(++discontinuities_);
  open_->discontinuity_sequence = discontinuities_;
  open_->independent = !info_->video || (unit.track == TrackKind::kVideo && unit.key);
  open_->init_version = init_version_;
  open_->gaps_before = gaps_;
  open_->info = info_;
  open_->start = time;
  open_end_ = time;
  discontinuity_pending_ = false;
  cut_at_next_key_ = false;
  parts_.begin_segment(time);
  open_->part_epoch = parts_.epoch();
  in_parts_ = 0;
  dated_ = false;
  if (open_->discontinuity) least_late_.reset();
  for (auto& sound : carried_) {
    open_->bytes += sound->data.size();
    open_->units.push_back(std::move(sound));
  }
  carried_.clear();
}

void Window::append(AccessUnit unit, MediaTime time) {
  if (times_segments(unit)) open_end_ = time + to_media_time(unit.duration, rate_of(unit.track));
  note_lateness(unit, time);
  open_->bytes += unit.data.size();
  auto shared = std::make_shared<const AccessUnit>(std::move(unit));
  if (shared->track == TrackKind::kVideo) remember_gop(shared);
  if (on_unit_) on_unit_({shared, info_, init_version_});
  open_->units.push_back(std::move(shared));
}

// Makes the units that are in no part yet the next one; the tracks end as in Segment.
void Window::add_part(const PartSpan& span, media::Ticks video_end, media::Ticks audio_end) {
  auto part = std::make_shared<Part>();
  part->segment = open_->number;
  part->index = static_cast<std::uint32_t>(open_->parts.size());
  part->info = info_;
  part->duration = span.end - span.start;
  part->video_end = video_end;
  part->audio_end = audio_end;
  part->units.assign(open_->units.begin() + static_cast<std::ptrdiff_t>(in_parts_), open_->units.end());
  for (const auto& unit : part->units) part->bytes += unit->data.size();
  const auto first = std::find_if(part->units.begin(), part->units.end(),
                                  [&](const auto& unit) { return times_segments(*unit); });
  part->independent = first != part->units.end() && (!info_->video || (*first)->key);
  in_parts_ = open_->units.size();
  if (!dated_) set_date();
  open_->parts.push_back(std::move(part));
}

// The segment ends at `end`: what is in no part yet becomes the last one. Audio alone goes to the segment
// that follows, or nowhere where none does.
void Window::add_last_part(MediaTime end, const AccessUnit* next) {
  if (options_.part_duration.count() == 0 || in_parts_ == open_->units.size()) return;
  const bool follows = next != nullptr && times_segments(*next);
  if (parts_.units() == 0 && !open_->parts.empty() && (follows || next == nullptr)) {
    const auto from = open_->units.begin() + static_cast<std::ptrdiff_t>(in_parts_);
    for (auto unit = from; unit != open_->units.end(); ++unit) open_->bytes -= (*unit)->data.size();
    if (!follows) {
      const std::lock_guard lock(mutex_);
      counters_.dropped_units += open_->units.size() - in_parts_;
    }
    if (follows) carried_.assign(std::make_move_iterator(from), std::make_move_iterator(open_->units.end()));
    open_->units.erase(from, open_->units.end());
    return;
  }
  if (const auto span = parts_.end_segment(end)) add_part(*span, open_->video_end, open_->audio_end);
}

// Ends the segment being built; `next` is what begins the following one, if that is known.
bool Window::close(const AccessUnit* next) {
  if (!open_) return false;
  auto end = open_end_;
  const auto rounds_to_target = MediaTime(target_) + std::chrono::duration_cast<MediaTime>(kLongestRounded);
  if (next != nullptr && time_of(*next) - open_->start <= rounds_to_target) {
    end = time_of(*next);
    (next->track == TrackKind::kVideo ? open_->video_end : open_->audio_end) = next->dts;
  } else if (next != nullptr) {
    // Lost pictures leave a hole that no segment may span.
    discontinuity_pending_ = true;
  }
  // A cut by its soft cause is signalled even though the axis goes on.
  if (next != nullptr && cut_at_next_key_ && next->key && next->track == TrackKind::kVideo)
    discontinuity_pending_ = true;
  open_->duration = std::clamp(end - open_->start, MediaTime{1}, rounds_to_target);
  add_last_part(open_->start + open_->duration, next);
  if (!dated_) set_date();
  publish(std::exchange(open_, nullptr));
  return true;
}

bool Window::break_off() {
  const bool listed = close(nullptr);
  discontinuity_pending_ = true;
  wait_for_key_ = !info_ || info_->video.has_value();
  last_key_.reset();
  parts_.interrupt();
  return listed;
}

void Window::note_lateness(const AccessUnit& unit, MediaTime time) {
  const auto late =
      unit.arrival.time_since_epoch() - std::chrono::duration_cast<steady_clock::duration>(time);
  least_late_ = least_late_ ? std::min(*least_late_, late) : late;
}

// Dates the open segment by the unit that was the least late since the last date; followed slowly, so that
// jitter does not show.
void Window::set_date() {
  dated_ = true;
  const auto to_wall = wall_clock_(last_arrival_).time_since_epoch() -
                       std::chrono::duration_cast<system_clock::duration>(last_arrival_.time_since_epoch());
  const auto least = to_wall + std::chrono::duration_cast<system_clock::duration>(
                                   least_late_.value_or(steady_clock::duration{}));
  least_late_.reset();
  if (!date_offset_ || open_->discontinuity || std::chrono::abs(least - *date_offset_) > kClockStep) {
    date_offset_ = least;
  } else {
    const system_clock::duration slew = kLargestClockSlew;
    *date_offset_ += std::clamp(least - *date_offset_, -slew, slew);
  }
  open_->program_date_time = system_clock::time_point(
      *date_offset_ + std::chrono::duration_cast<system_clock::duration>(open_->start));
}

}  // namespace camctl::hls
