// What a window shows: its states, what is listed and kept, gaps. See window.cc for what goes in.
#include <algorithm>
#include <numeric>
#include <utility>

#include "libhls/window.h"

namespace camctl::hls {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

MediaTime total_duration(const std::vector<SegmentPtr>& segments) {
  return std::accumulate(segments.begin(), segments.end(), MediaTime{},
                         [](MediaTime sum, const SegmentPtr& segment) { return sum + segment->duration; });
}

}  // namespace

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

PartPtr Window::find_part(std::uint64_t segment, std::uint64_t index) const {
  const auto part_of = [&](const SegmentHead& head) {
    return index < head.parts.size() ? head.parts[static_cast<std::size_t>(index)] : nullptr;
  };
  const auto now = state();
  if (now->open && now->open->number == segment) return part_of(*now->open);
  const auto found = find(segment);
  return found ? part_of(*found) : nullptr;
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

std::size_t Window::media_bytes() const {
  const std::lock_guard lock(mutex_);
  return std::accumulate(kept_.begin(), kept_.end(), std::size_t{0},
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

void Window::publish(SegmentPtr segment) {
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
    state->classic.push_back(segment);
    kept_.push_back({std::move(segment), std::nullopt});
  }
  delist_and_evict(*state);
  state_ = std::move(state);
}

void Window::delist_and_evict(WindowState& state) {
  // RFC 8216 §6.2.2: fetchable for its own duration and that of the longest playlist that listed it.
  const auto longest = std::max(total_duration(state.segments), total_duration(state.classic));
  while (delist(state.segments, options_.listed_targets)) continue;
  while (delist(state.classic, kLeastTargets)) continue;
  const auto oldest = std::min(state.segments.front()->number, state.classic.front()->number);
  for (auto& kept : kept_) {
    if (kept.segment->number >= oldest) break;
    if (kept.delisted_until) continue;
    const auto keep = longest + kept.segment->duration;
    kept.delisted_until = last_arrival_ + std::chrono::duration_cast<steady_clock::duration>(keep);
  }
  auto first = kept_.begin();
  while (first != kept_.end() && first->delisted_until && *first->delisted_until < last_arrival_) {
    counters_.bytes -= cost(*first->segment);
    ++first;
  }
  while (kept_.end() - first > 1 && counters_.bytes > options_.max_bytes / 4 * 3) {
    counters_.bytes -= cost(*first->segment);
    const auto gone = first->segment->number;
    for (auto* listed : {&state.segments, &state.classic})
      while (listed->front()->number <= gone) listed->erase(listed->begin());
    ++counters_.evicted_early;
    ++first;
  }
  kept_.erase(kept_.begin(), first);
}

// Takes the first segment off a list that stays long enough without it.
bool Window::delist(std::vector<SegmentPtr>& listed, int targets) const {
  if (listed.size() <= options_.segments ||
      total_duration(listed) - listed.front()->duration < targets * MediaTime(target_))
    return false;
  listed.erase(listed.begin());
  return true;
}

Listed Window::mark_gap(steady_clock::time_point now) {
  if (open_ || state_->segments.empty()) return {};
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
  std::vector<Kept> kept;  // freed without the lock
  NewestGop gop;
  const std::lock_guard lock(mutex_);
  auto state = next_state();
  state->segments.clear();
  state->classic.clear();
  state_ = std::move(state);
  kept.swap(kept_);
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
