// The thread that reads for connections what a disk has (segments of --dvr), so that no loop waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace camctl::apps::serve {

// Thread-safe.
class DiskReader {
 public:
  // Tasks that wait; more are refused. Each is a segment that a client waits for.
  static constexpr std::size_t kMaxWaiting = 256;

  DiskReader() = default;
  ~DiskReader();  // waits for the task that runs; the others are dropped
  DiskReader(const DiskReader&) = delete;
  DiskReader& operator=(const DiskReader&) = delete;

  // Runs `task` on the thread, which begins with the first one. False, and nothing is done: too many wait.
  bool post(std::function<void()> task);

  // Drops what waits. False: what runs takes longer than `patience`, and the destructor would hang.
  bool stop(std::chrono::milliseconds patience);

 private:
  void work();

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, idle_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false, running_ = false;
  std::thread thread_;
};

}  // namespace camctl::apps::serve
