#include "apps/serve/viewers.h"

namespace camctl::apps::serve {

void Viewers::seen(std::uint64_t client, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (last_seen_.size() >= kMaxViewers) forget(now);
  if (last_seen_.size() < kMaxViewers || last_seen_.contains(client)) last_seen_[client] = now;
}

unsigned Viewers::count(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  forget(now);
  return static_cast<unsigned>(last_seen_.size()) + *joined_;
}

std::shared_ptr<void> Viewers::join() {
  ++*joined_;
  return {nullptr, [joined = joined_](void*) { --*joined; }};
}

void Viewers::forget(Clock::time_point now) {
  std::erase_if(last_seen_, [&](const auto& viewer) { return now - viewer.second > kViewerTime; });
}

}  // namespace camctl::apps::serve
