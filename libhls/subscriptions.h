// Who wants to hear of changes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace camctl::hls {

class Subscriptions {
 public:
  // Thread-safe. `task` is called by each notify() until the handle is destroyed: once that has returned, the
  // task does not run any more. The handle may be destroyed within the task.
  std::shared_ptr<void> add(std::function<void()> task);
  // Calls all tasks, one after the other, on the calling thread.
  void notify();

 private:
  struct Entry {
    std::recursive_mutex mutex;  // held while the task runs
    std::function<void()> task;
    bool ended = false;
  };

  std::mutex mutex_;
  std::vector<std::weak_ptr<Entry>> entries_;
};

}  // namespace camctl::hls
