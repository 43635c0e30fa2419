#include "base/event_loop.h"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

namespace camctl {

struct EventLoop::Impl {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::atomic<std::thread::id> thread_id{};
  std::thread thread;
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}

EventLoop::~EventLoop() {
  stop();
  join();
}

void EventLoop::run() {
  impl_->thread_id = std::this_thread::get_id();
  impl_->context.run();
}

void EventLoop::start(const char* name) {
  impl_->thread = std::thread([this, label = std::string(name)] {
    pthread_setname_np(pthread_self(), label.c_str());
    run();
  });
}

void EventLoop::stop() { impl_->context.stop(); }

void EventLoop::join() {
  if (impl_->thread.joinable()) impl_->thread.join();
}

void EventLoop::post(std::function<void()> task) { boost::asio::post(impl_->context, std::move(task)); }

bool EventLoop::on_loop_thread() const {
  const auto id = impl_->thread_id.load();
  return id == std::thread::id{} || id == std::this_thread::get_id();
}

boost::asio::io_context& EventLoop::context() { return impl_->context; }

// Shared with the pending wait, which may complete after the Timer is gone.
struct Timer::Impl {
  explicit Impl(EventLoop& loop) : timer(loop.context()) {}
  boost::asio::steady_timer timer;
  std::function<void()> task;
  unsigned generation = 0;
};

Timer::Timer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop)) {}

Timer::~Timer() { cancel(); }

void Timer::after(std::chrono::steady_clock::duration delay, std::function<void()> task) {
  impl_->task = std::move(task);
  impl_->timer.expires_after(delay);
  impl_->timer.async_wait([impl = impl_, generation = ++impl_->generation](boost::system::error_code error) {
    if (error || generation != impl->generation) return;
    const auto due = std::move(impl->task);
    due();
  });
}

void Timer::cancel() {
  ++impl_->generation;
  impl_->timer.cancel();
  impl_->task = nullptr;
}

}  // namespace camctl
