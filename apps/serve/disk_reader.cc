#include "apps/serve/disk_reader.h"

#include <pthread.h>

#include <utility>

namespace camctl::apps::serve {

DiskReader::~DiskReader() {
  stop(std::chrono::milliseconds(0));
  if (thread_.joinable()) thread_.join();
}

bool DiskReader::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= kMaxWaiting) return false;
  waiting_.push_back(std::move(task));
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { work(); });
    pthread_setname_np(thread_.native_handle(), "dvr-read");
  }
  wake_.notify_one();
  return true;
}

void DiskReader::work() {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); }), !stopping_) {
    auto task = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = true;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    running_ = false;
    idle_.notify_all();
  }
}

bool DiskReader::stop(std::chrono::milliseconds patience) {
  std::deque<std::function<void()>> dropped;  // let go without the lock
  std::unique_lock lock(mutex_);
  stopping_ = true;
  dropped.swap(waiting_);
  wake_.notify_one();
  const bool idle = idle_.wait_for(lock, patience, [this] { return !running_; });
  lock.unlock();
  return idle;
}

}  // namespace camctl::apps::serve
