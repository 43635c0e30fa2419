#include "apps/serve/devices/device_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <latch>

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

TEST_CASE("tasks run beside each other, at most kMaxThreads at once") {
  DevicePool pool;
  std::latch all(DevicePool::kMaxThreads);
  std::promise<void> late;
  std::atomic<std::size_t> running{0}, most{0};
  const auto wait = [&] {
    const auto now = ++running;
    if (now > most) most = now;
    all.arrive_and_wait();  // ends only if all of them are there
    --running;
  };
  for (std::size_t i = 0; i < DevicePool::kMaxThreads; ++i) pool.post(wait);
  pool.post([&] { late.set_value(); });
  late.get_future().wait();
  CHECK(pool.drain(5s));
  CHECK(most == DevicePool::kMaxThreads);
}

TEST_CASE("a task waits for its time while others run") {
  DevicePool pool;
  const auto began = DevicePool::Clock::now();
  std::promise<DevicePool::Clock::time_point> later, now;
  pool.post([&] { later.set_value(DevicePool::Clock::now()); }, began + 80ms);
  pool.post([&] { now.set_value(DevicePool::Clock::now()); });
  const auto first = now.get_future().get(), second = later.get_future().get();
  CHECK(second - began >= 80ms);
  CHECK(first < second);
}

TEST_CASE("the end: what runs is waited for, what waits is dropped") {
  DevicePool pool;
  std::promise<void> started, go;
  bool dropped_ran = false;
  pool.post([&] {
    started.set_value();
    go.get_future().wait();
  });
  started.get_future().wait();
  pool.post([&] { dropped_ran = true; }, DevicePool::Clock::now() + 1h);
  CHECK_FALSE(pool.drain(1ms));
  CHECK_FALSE(pool.stop(1ms));
  go.set_value();
  CHECK(pool.stop(5s));
  pool.post([&] { dropped_ran = true; });
  CHECK_FALSE(dropped_ran);
}

}  // namespace
}  // namespace camctl::apps::serve
