#include "libhls/subscriptions.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace camctl::hls {
namespace {

TEST_CASE("subscriptions: called until the handle goes, also from within the task") {
  Subscriptions subscriptions;
  int first = 0, second = 0;
  auto a = subscriptions.add([&] { ++first; });
  std::shared_ptr<void> b;
  b = subscriptions.add([&] {
    ++second;
    b.reset();
  });
  subscriptions.notify();
  subscriptions.notify();
  CHECK(first == 2);
  CHECK(second == 1);
  a.reset();
  subscriptions.notify();
  CHECK(first == 2);
}

TEST_CASE("subscriptions: a task does not run once its handle is gone, on whatever thread") {
  Subscriptions subscriptions;
  std::atomic<bool> stop = false;
  std::thread notifier([&] {
    while (!stop) subscriptions.notify();
  });
  for (int i = 0; i < 200; ++i) {
    auto alive = std::make_unique<std::atomic<int>>(0);
    auto handle = subscriptions.add([counter = alive.get()] { ++*counter; });
    handle.reset();
    alive.reset();  // a task that still ran would touch freed memory
  }
  stop = true;
  notifier.join();
}

}  // namespace
}  // namespace camctl::hls
