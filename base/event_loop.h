// A thread that runs what is posted to it: one per core in `serve`, each camera and its viewers on one.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace camctl {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();  // stops and joins the thread of start()
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs on the calling thread until stop(). Call either this or start().
  void run();
  // Runs on a thread of its own, named `name` (15 bytes at most) for `top -H`.
  void start(const char* name);
  // Makes run() return soon, whatever is still queued. Thread-safe.
  void stop();
  // After stop(): waits for the thread of start(), where there is one, to end. On another thread.
  void join();

  // Queues `task` for the loop's thread. Thread-safe; never runs it inside the call.
  void post(std::function<void()> task);
  // True on the loop's own thread (or before it runs).
  bool on_loop_thread() const;

  // For code that does its own Asio on this loop; include <boost/asio/io_context.hpp> there.
  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A one-shot timer on a loop. All calls on the loop's thread; destroying it cancels.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Calls `task` once after `delay`, replacing what was set before.
  void after(std::chrono::steady_clock::duration delay, std::function<void()> task);
  void cancel();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace camctl
