// What a window shows: its states, what is listed and kept, gaps. See window.cc for what goes in.
#include <algorithm>
#include <numeric>
#include <utility>

#include "libhls/ffmpeg/aac_encode.h"
#include "libhls/spool.h"
#include "libhls/window.h"

namespace camctl::hls {

using std::chrono::steady_clock;
using std::chrono::system_clock;

std::size_t Window::cost(const Segment& segment) {
  return segment.bytes + segment.units.size() * kUnitOverhead;
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
  const auto found =
      std::lower_bound(kept_.begin(), kept_.end(), version,
                       [](const Kept& kept, std::uint32_t v) { return kept.segment->init_version < v; });
  return found != kept_.end() && found->segment->init_version == version ? found->segment->info : nullptr;
}

NewestGop Window::newest_gop() const {
  const std::lock_guard lock(mutex_);
  return gop_;
}

Window::Counters Window::counters() const {
  const std::lock_guard lock(mutex_);
  auto result = counters_;
  result.on_disk = on_disk_;
  return result;
}

std::size_t Window::media_bytes() const {
  const std::lock_guard lock(mutex_);
  return std::accumulate(kept_.begin() + static_cast<std::ptrdiff_t>(on_disk_), kept_.end(), std::size_t{0},
                         [](std::size_t sum, const Kept& kept) { return sum + kept.segment->bytes; });
}

// A copy to change. Under mutex_.
std::shared_ptr<WindowState> Window::next_state() const {
  auto state = std::make_shared<WindowState>(*state_);
  ++state->version;
  return state;
}

// Shows the parts of the segment being built.
void Window::publish_open() {
  auto head = std::make_shared<const SegmentHead>(*open_);
  const std::lock_guard lock(mutex_);
  auto state = next_state();
  state->open = std::move(head);
  state->next_number = next_number_;
  state->next_part_begins_segment = expects_cut();
  state->part_targets = parts_.targets();
  state->part_epoch = parts_.epoch();
  state_ = std::move(state);
}

void Window::publish(std::shared_ptr<Segment> segment) {
  if (options_.spool && !segment->gap) begin_spooling(segment);
  const std::lock_guard lock(mutex_);
  if (!segment->independent) ++counters_.cut_inside_gop;
  auto state = next_state();
  state->independent = state->independent && segment->independent;
  state->segments.push_back(segment);
  state->open.reset();
  state->next_part_begins_segment = true;
  state->next_number = next_number_;
  state->part_targets = parts_.targets();
  state->part_epoch = parts_.epoch();
  if (!segment->gap) {
    counters_.bytes += cost(*segment);
    in_memory_ += segment->duration;
    state->classic.push_back(segment);
    kept_.push_back({std::move(segment), std::nullopt});
  }
  delist_and_evict(*state);
  state_ = std::move(state);
}

// Before others see it. It has time until its memory is wanted.
void Window::begin_spooling(const std::shared_ptr<Segment>& segment) const {
  const auto& before = state_->classic;
  const auto& audio = segment->info->audio;
  if (audio && audio->codec != media::Codec::kAac && !segment->discontinuity && !before.empty())
    segment->lead_in = audio_lead_in(*before.back());
  options_.spool->keep(segment);
}

void Window::delist_and_evict(WindowState& state) {
  // RFC 8216 §6.2.2: fetchable for its own duration and that of the longest playlist that listed it.
  const auto longest = std::max(state.segments.duration(), state.classic.duration());
  while (delist(state.segments, options_.listed_targets)) continue;
  while (delist(state.classic, kLeastTargets)) continue;
  const auto oldest = state.classic.empty()
                          ? state.segments.front()->number
                          : std::min(state.segments.front()->number, state.classic.front()->number);
  for (; delisted_ < kept_.size() && kept_[delisted_].segment->number < oldest; ++delisted_) {
    auto& kept = kept_[delisted_];
    const auto keep = longest + kept.segment->duration;
    kept.delisted_until = now_ + std::chrono::duration_cast<steady_clock::duration>(keep);
  }
  while (delisted_ > 0 && *kept_.front().delisted_until < now_) forget_oldest();
  free_memory(state);
  free_disk(state);
}

// Takes the first segment off a list that stays long enough without it.
bool Window::delist(SegmentList& listed, int targets) const {
  const auto wanted =
      std::max(targets * MediaTime(target_), std::chrono::duration_cast<MediaTime>(options_.dvr));
  if (listed.size() <= options_.segments || listed.duration() - listed.front()->duration < wanted)
    return false;
  listed.pop_front();
  return true;
}

// Whether the oldest segment in memory must go; `safe`: it is on disk.
bool Window::memory_is_short(bool safe) const {
  const auto count = kept_.size() - on_disk_;
  if (count <= 1) return false;
  if (counters_.bytes > options_.max_bytes / 4 * 3) return true;
  if (!options_.spool || counters_.bytes <= options_.memory_bytes) return false;
  // Those whose parts are listed stay; and what would be listed without a spool stays rather than be lost.
  const auto stay = (safe ? kLeastTargets : options_.listed_targets) * MediaTime(target_);
  return count > options_.segments && in_memory_ - kept_[on_disk_].segment->duration >= stay;
}

// What is not on disk by now is lost, and with it all that is older: what is listed has no holes.
void Window::free_memory(WindowState& state) {
  while (on_disk_ < kept_.size()) {
    auto& oldest = kept_[on_disk_];
    const auto& spooled = oldest.segment->spooled;
    const bool safe = spooled && spooled->written() && !spooled->broken();
    if (!memory_is_short(safe)) return;
    if (safe)
      unload(state, oldest);
    else
      evict_through(state, oldest.segment->number);
  }
}

// Leaves of the oldest segment in memory what playlists need.
void Window::unload(WindowState& state, Kept& kept) {
  const auto& whole = *kept.segment;
  auto light = std::make_shared<Segment>();
  static_cast<SegmentHead&>(*light) = whole;
  light->parts.clear();
  light->gaps_before = whole.gaps_before;
  light->duration = whole.duration;
  light->video_end = whole.video_end;
  light->audio_end = whole.audio_end;
  light->bytes = whole.bytes;
  light->spooled = whole.spooled;
  light->on_disk = true;
  counters_.bytes -= cost(whole);
  in_memory_ -= whole.duration;
  ++on_disk_;
  kept.segment = std::move(light);
  state.segments.replace(kept.segment);
  state.classic.replace(kept.segment);
}

// Lets go of what can't be read any more, and of the oldest file where the disk has no room for the next.
void Window::free_disk(WindowState& state) {
  if (on_disk_ == 0) return;
  if (options_.spool->take_read_failure()) {
    for (auto i = on_disk_; i-- > 0;)
      if (kept_[i].segment->spooled->broken()) return evict_through(state, kept_[i].segment->number);
  }
  if (!options_.spool->crowded()) return;
  const auto file = kept_.front().segment->spooled->file();
  auto last = kept_.front().segment->number;
  for (std::size_t i = 0; i < on_disk_ && kept_[i].segment->spooled->file() == file; ++i)
    last = kept_[i].segment->number;
  evict_through(state, last);
  options_.spool->forget(file);
}

void Window::evict_through(WindowState& state, std::uint64_t number) {
  for (auto* listed : {&state.segments, &state.classic})
    while (!listed->empty() && listed->front()->number <= number) listed->pop_front();
  for (; !kept_.empty() && kept_.front().segment->number <= number; ++counters_.evicted_early)
    forget_oldest();
}

void Window::forget_oldest() {
  const auto& oldest = *kept_.front().segment;
  if (on_disk_ > 0) {
    --on_disk_;
  } else {
    counters_.bytes -= cost(oldest);
    in_memory_ -= oldest.duration;
  }
  if (delisted_ > 0) --delisted_;
  kept_.pop_front();
}

Listed Window::mark_gap(steady_clock::time_point now) {
  if (open_ || state_->segments.empty()) return {};
  now_ = std::max(now_, now);
  if (!gap_from_) gap_from_ = last_kept_;
  Listed listed;
  while (now - *gap_from_ >= target_) {
    const auto& before = *state_->segments.back();
    auto gap = std::make_shared<Segment>();
    static_cast<SegmentHead&>(*gap) = before;
    gap->number = next_number_++;
    gap->discontinuity = false;
    gap->start = before.start + before.duration;
    gap->program_date_time =
        before.program_date_time + std::chrono::duration_cast<system_clock::duration>(before.duration);
    gap->part_epoch = parts_.epoch();
    gap->parts.clear();
    gap->duration = MediaTime(target_);
    gap->gap = true;
    gap->gaps_before = gaps_++;
    publish(std::move(gap));
    *gap_from_ += target_;
    listed.segment = true;
  }
  return listed;
}

void Window::clear() {
  break_off();
  fresh_ = true;
  carried_.clear();
  gap_from_.reset();
  if (options_.spool) options_.spool->begin_file();
  std::deque<Kept> kept;  // freed without the lock
  NewestGop gop;
  const std::lock_guard lock(mutex_);
  auto state = next_state();
  state->segments.clear();
  state->classic.clear();
  state_ = std::move(state);
  kept.swap(kept_);
  on_disk_ = delisted_ = 0;
  in_memory_ = {};
  std::swap(gop, gop_);
  counters_.bytes = 0;
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
