// Threads for calls that block in a camera (PTZ, presets, snapshots), so that no loop waits for one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace camctl::apps::serve {

// Thread-safe. Threads begin when they are needed, and stay.
class DevicePool {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = std::function<void()>;

  // A camera has one task at a time here, so eight that hang hold the others up; each for as long as a call
  // may take. People turn few cameras at once.
  static constexpr std::size_t kMaxThreads = 8;

  DevicePool() = default;
  ~DevicePool();  // waits for the tasks that run; the others are dropped
  DevicePool(const DevicePool&) = delete;
  DevicePool& operator=(const DevicePool&) = delete;

  // Runs `task` on one of the threads, at `when` or as soon as one is free. Not after stop().
  void post(Task task, Clock::time_point when = {});

  // Waits until nothing runs and nothing is due. False: that takes longer than `patience`.
  bool drain(std::chrono::milliseconds patience);
  // Drops what waits. False: what runs takes longer than `patience`, and the destructor would hang.
  bool stop(std::chrono::milliseconds patience);

 private:
  void work();
  void add_thread();

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, idle_;
  std::multimap<Clock::time_point, Task> waiting_;
  std::size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace camctl::apps::serve
