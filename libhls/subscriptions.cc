#include "libhls/subscriptions.h"

#include <utility>

namespace camctl::hls {

std::shared_ptr<void> Subscriptions::add(std::function<void()> task) {
  auto entry = std::make_shared<Entry>();
  entry->task = std::move(task);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const auto& one) { return one.expired(); });
    entries_.push_back(entry);
  }
  return {entry.get(), [entry](void*) {
            const std::lock_guard lock(entry->mutex);
            entry->ended = true;
          }};
}

void Subscriptions::notify() {
  std::vector<std::shared_ptr<Entry>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : entries_)
      if (auto entry = one.lock()) all.push_back(std::move(entry));
  }
  for (const auto& entry : all) {
    const std::lock_guard lock(entry->mutex);
    if (!entry->ended) entry->task();
  }
}

}  // namespace camctl::hls
