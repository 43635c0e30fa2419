#include "libhls/part_policy.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace camctl::hls {
namespace {

// By how much a target exceeds the parts that are hoped for: room for jitter upwards, where 85 % leaves it
// downwards.
constexpr std::int64_t kRoomPercent = 110;
// Two paces that differ by less are the same.
constexpr std::int64_t kSamePacePercent = 5;
// A target that is longer than the pace needs by more than this lets viewers wait for nothing.
constexpr std::int64_t kTooLongPercent = 150;
// A longer interval among those of a pace is a lost unit.
constexpr std::int64_t kLostUnitPercent = 150;

// The least that a part may last, rounded up.
MediaTime least(MediaTime target) {
  return MediaTime((target.count() * PartPolicy::kLeastPercent + 99) / 100);
}

}  // namespace

void PartPolicy::begin_segment(MediaTime start) {
  start_ = start;
  units_ = 0;
  if (!targets_.empty() && remembered_ >= kRemembered) follow_pace();
}

std::optional<PartSpan> PartPolicy::end_before(MediaTime time) {
  if (wanted_ <= MediaTime{}) return std::nullopt;
  if (last_ && time > *last_) {
    const auto interval = time - *last_;
    intervals_[remembered_++ % kRemembered] = interval;
    longest_interval_ = interval_seen_ ? std::max(longest_interval_, interval) : interval;
    interval_seen_ = true;
  }
  last_ = time;
  const auto filled = time - start_;
  if (units_ == 0 || !settled(filled) || filled < least(targets_[epoch_])) return std::nullopt;
  return close(time);
}

std::optional<PartSpan> PartPolicy::end_after(MediaTime time, MediaTime duration) {
  if (wanted_ <= MediaTime{}) return std::nullopt;
  ++units_;
  if (!interval_seen_) longest_interval_ = duration;
  const auto end = time + duration;
  if (!settled(end - start_)) return std::nullopt;
  const auto target = targets_[epoch_];
  // Time before the first unit belongs to the part as long as there is room for it.
  if (units_ == 1 && end - start_ > target) start_ = time;
  if (end - start_ < least(target)) return std::nullopt;
  return close(end);
}

std::optional<PartSpan> PartPolicy::end_segment(MediaTime end) {
  if (wanted_ <= MediaTime{}) return std::nullopt;
  if (targets_.empty()) {
    const auto target = target_for(longest_interval_);
    if (!target) return std::nullopt;
    targets_.push_back(*target);
  }
  return close(std::max(end, start_ + MediaTime{1}));
}

// Whether there is a target; the first one is settled once it is known that the part is whole by it.
bool PartPolicy::settled(MediaTime filled) {
  if (!targets_.empty()) return true;
  const auto target = target_for(longest_interval_);
  if (!target || filled < least(*target)) return false;
  targets_.push_back(*target);
  return true;
}

std::optional<MediaTime> PartPolicy::target_for(MediaTime interval) const {
  interval = std::max(interval, MediaTime{1});
  const auto units = std::max<std::int64_t>(1, (wanted_ + interval / 2) / interval);
  const auto target = units * interval * kRoomPercent / 100;
  return target <= longest_target_ ? std::optional(target) : std::nullopt;
}

// Whether some number of units at this pace makes a part, and no needlessly long one.
bool PartPolicy::fits(MediaTime target, MediaTime interval, MediaTime ideal) const {
  const auto units = target / interval;
  return units >= 1 && units * interval >= least(target) && target * 100 <= ideal * kTooLongPercent;
}

// Another epoch where the target has not fitted the pace for a whole segment.
void PartPolicy::follow_pace() {
  auto sorted = intervals_;
  std::sort(sorted.begin(), sorted.end());
  const auto pace = sorted[kRemembered / 2];
  auto longest = pace;
  for (const auto interval : sorted)
    if (interval * 100 <= pace * kLostUnitPercent) longest = interval;
  const auto ideal = target_for(longest);
  if (!ideal || fits(targets_[epoch_], pace, *ideal)) {
    misfit_.reset();
    return;
  }
  const auto before = std::exchange(misfit_, pace);
  if (!before || std::chrono::abs(*before - pace) * 100 > pace * kSamePacePercent) return;
  const auto known = std::find_if(targets_.begin(), targets_.end(),
                                  [&](MediaTime target) { return fits(target, pace, *ideal); });
  if (known == targets_.end() && targets_.size() >= kMaxEpochs) return;
  epoch_ = static_cast<std::size_t>(known - targets_.begin());
  if (known == targets_.end()) targets_.push_back(*ideal);
  misfit_.reset();
}

PartSpan PartPolicy::close(MediaTime end) {
  const PartSpan span{start_, std::min(end, start_ + targets_[epoch_])};
  start_ = span.end;
  units_ = 0;
  return span;
}

}  // namespace camctl::hls
