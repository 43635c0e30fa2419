#include "apps/serve/devices/device_pool.h"

#include <pthread.h>

#include <utility>

namespace camctl::apps::serve {

DevicePool::~DevicePool() {
  stop(std::chrono::milliseconds(0));
  for (auto& thread : threads_) thread.join();
}

void DevicePool::post(Task task, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  waiting_.emplace(when, std::move(task));
  // One more where each has something to do; one that waits for a time is woken to look again.
  if (threads_.size() < kMaxThreads && threads_.size() < running_ + waiting_.size()) add_thread();
  wake_.notify_one();
}

void DevicePool::add_thread() {
  threads_.emplace_back([this] { work(); });
  pthread_setname_np(threads_.back().native_handle(), "device");
}

void DevicePool::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto first = waiting_.begin();
    if (first->first > Clock::now()) {
      const auto when = first->first;  // another thread may take it meanwhile
      wake_.wait_until(lock, when);
      continue;
    }
    auto task = std::move(first->second);
    waiting_.erase(first);
    ++running_;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    --running_;
    idle_.notify_all();
  }
}

bool DevicePool::drain(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, patience, [this] {
    return running_ == 0 && (waiting_.empty() || waiting_.begin()->first > Clock::now());
  });
}

bool DevicePool::stop(std::chrono::milliseconds patience) {
  std::multimap<Clock::time_point, Task> dropped;  // let go without the lock
  std::unique_lock lock(mutex_);
  stopping_ = true;
  dropped.swap(waiting_);
  wake_.notify_all();
  const bool idle = idle_.wait_for(lock, patience, [this] { return running_ == 0; });
  lock.unlock();
  return idle;
}

}  // namespace camctl::apps::serve
