// For programs whose main thread is not the loop: calls, and objects that live on a loop's thread.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "base/event_loop.h"

namespace camctl::apps {

// Runs `task` on the running loop's thread, which is another one, and waits for it.
inline void run_on(EventLoop& loop, const std::function<void()>& task) {
  std::promise<void> done;
  loop.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

// A T that is made and destroyed on the loop's thread.
template <class T>
class OnLoop {
 public:
  template <class... Arguments>
  explicit OnLoop(EventLoop& loop, Arguments&&... arguments) : loop_(loop) {
    run_on(loop_, [&] { object_ = std::make_unique<T>(std::forward<Arguments>(arguments)...); });
  }
  ~OnLoop() {
    run_on(loop_, [this] { object_.reset(); });
  }
  OnLoop(const OnLoop&) = delete;
  OnLoop& operator=(const OnLoop&) = delete;

  T& operator*() { return *object_; }
  T* operator->() { return object_.get(); }
  const T* operator->() const { return object_.get(); }

 private:
  EventLoop& loop_;
  std::unique_ptr<T> object_;
};

}  // namespace camctl::apps
