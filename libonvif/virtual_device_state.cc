#include "libonvif/virtual_device_state.h"

#include <algorithm>
#include <cmath>

namespace camctl::onvif {
namespace {

constexpr double kHighest = 1;

double seconds_between(VirtualTime from, VirtualTime to) {
  return std::chrono::duration<double>(to - from).count();
}

VirtualTime after(VirtualTime from, double seconds) {
  return from + std::chrono::duration_cast<VirtualTime::duration>(std::chrono::duration<double>(seconds));
}

double full_speed(std::size_t axis) {
  return (kHighest - VirtualPtz::lowest(axis)) / static_cast<double>(VirtualPtz::kCrossing.count());
}

}  // namespace

double VirtualPtz::position(std::size_t axis, VirtualTime now) const {
  const Motion& motion = motions_.at(axis);
  const auto at = motion.until ? std::min(*motion.until, now) : now;
  const double moved = motion.per_second * std::max(seconds_between(motion.since, at), 0.0);
  return std::clamp(motion.from + (motion.per_second == 0 ? 0 : moved), lowest(axis), kHighest);
}

VirtualPtz::Position VirtualPtz::position(VirtualTime now) const {
  return {position(kPan, now), position(kTilt, now), position(kZoom, now)};
}

bool VirtualPtz::moving(std::size_t axis, VirtualTime now) const {
  const Motion& motion = motions_.at(axis);
  if (motion.per_second == 0 || (motion.until && now >= *motion.until)) return false;
  const double at = position(axis, now);
  return motion.per_second > 0 ? at < kHighest : at > lowest(axis);
}

void VirtualPtz::move(std::size_t axis, double velocity, VirtualTime now,
                      std::optional<std::chrono::milliseconds> timeout) {
  Motion motion{position(axis, now), std::clamp(velocity, -1.0, 1.0) * full_speed(axis), now, std::nullopt};
  if (timeout) motion.until = now + *timeout;
  motions_.at(axis) = motion;
}

void VirtualPtz::stop(std::size_t axis, VirtualTime now) { move(axis, 0, now, std::nullopt); }

void VirtualPtz::go(std::size_t axis, double target, VirtualTime now) {
  const double from = position(axis, now), way = std::clamp(target, lowest(axis), kHighest) - from;
  motions_.at(axis) = {from, std::copysign(full_speed(axis), way), now,
                       after(now, std::abs(way) / full_speed(axis))};
}

void VirtualPtz::go(const Position& target, VirtualTime now) {
  for (std::size_t axis = 0; axis < kAxes; ++axis) go(axis, target.at(axis), now);
}

std::uint64_t VirtualEvents::toggles(VirtualTime now) const {
  return now <= start_ ? 0 : static_cast<std::uint64_t>((now - start_) / rhythm_);
}

std::optional<std::string> VirtualEvents::create(VirtualTime now, std::chrono::milliseconds lasts) {
  std::erase_if(subscriptions_, [&](const auto& entry) { return entry.second.ends <= now; });
  if (subscriptions_.size() >= kMaxVirtualSubscriptions) return std::nullopt;
  std::string id = std::to_string(++last_id_);
  subscriptions_[id] = {now + lasts, 0, false};
  return id;
}

VirtualEvents::Subscription* VirtualEvents::find(const std::string& id, VirtualTime now) {
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() || found->second.ends <= now ? nullptr : &found->second;
}

std::vector<VirtualEvents::Change> VirtualEvents::take(Subscription& subscription, VirtualTime now,
                                                       std::size_t limit) const {
  std::vector<Change> changes;
  const std::uint64_t all = toggles(now);
  if (!subscription.introduced) {
    subscription = {subscription.ends, all, true};
    changes.push_back({all % 2 == 1, true, now});
  }
  while (subscription.seen < all && changes.size() < limit) {
    ++subscription.seen;
    changes.push_back({subscription.seen % 2 == 1, false, start_ + subscription.seen * rhythm_});
  }
  return changes;
}

}  // namespace camctl::onvif
