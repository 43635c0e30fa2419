// Who wants to hear of something.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace camctl::hls {

template <class... Args>
class SubscriptionsTo {
 public:
  using Task = std::function<void(Args...)>;

  // Thread-safe. `task` is called by each notify() until the handle is destroyed: once that has returned, the
  // task does not run any more. The handle may be destroyed within the task.
  std::shared_ptr<void> add(Task task) {
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

  // Calls all tasks, one after the other, on the calling thread.
  void notify(Args... args) {
    std::vector<std::shared_ptr<Entry>> all;
    {
      const std::lock_guard lock(mutex_);
      if (entries_.empty()) return;
      std::erase_if(entries_, [](const auto& one) { return one.expired(); });
      for (const auto& one : entries_)
        if (auto entry = one.lock()) all.push_back(std::move(entry));
    }
    for (const auto& entry : all) {
      const std::lock_guard lock(entry->mutex);
      if (!entry->ended) entry->task(args...);
    }
  }

 private:
  struct Entry {
    std::recursive_mutex mutex;  // held while the task runs
    Task task;
    bool ended = false;
  };

  std::mutex mutex_;
  std::vector<std::weak_ptr<Entry>> entries_;
};

using Subscriptions = SubscriptionsTo<>;

}  // namespace camctl::hls
