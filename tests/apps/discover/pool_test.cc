#include "apps/discover/pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>

using namespace camctl;
using namespace camctl::discover;

namespace {
Request request(int number) {
  Request r;
  r.label = std::to_string(number);
  return r;
}
}  // namespace

TEST_CASE("answers come in the order of requests, each is asked once") {
  constexpr int kRequests = 200;
  std::atomic<int> asked = 0, busy = 0, most = 0;
  int done = 0;
  Pool pool(
      8,
      [&](const Request& r, Credentials&) -> Result<onvif::DeviceDescription> {
        const int now = ++busy;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        ++asked;
        --busy;
        onvif::DeviceDescription device;
        device.name = r.label;
        return device;
      },
      [&](const Answer&) { ++done; });
  for (int i = 0; i < kRequests; ++i) pool.add(request(i));
  const auto answers = pool.finish({});
  REQUIRE(answers.size() == kRequests);
  for (int i = 0; i < kRequests; ++i)
    CHECK(answers[static_cast<std::size_t>(i)].device->name == std::to_string(i));
  CHECK(asked == kRequests);
  CHECK(done == kRequests);
  CHECK(most <= 8);
}

TEST_CASE("a stop leaves the rest unasked and waits for what runs") {
  std::stop_source stop;
  std::latch started(1);
  std::atomic<int> asked = 0;
  Pool pool(
      1,
      [&](const Request&, Credentials&) -> Result<onvif::DeviceDescription> {
        ++asked;
        started.count_down();
        while (!stop.stop_requested()) std::this_thread::yield();
        return onvif::DeviceDescription{};
      },
      [](const Answer&) {});
  for (int i = 0; i < 3; ++i) pool.add(request(i));
  started.wait();
  stop.request_stop();
  const auto answers = pool.finish(stop.get_token());
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].device);
  // The one thread may have begun the second before the stop was seen; never more.
  CHECK(asked <= 3);
  for (const auto& answer : answers)
    if (!answer.device) CHECK(answer.device.error().code == ErrorCode::kCancelled);
}

TEST_CASE("nothing to do") {
  Pool pool(4, [](const Request&, Credentials&) { return onvif::DeviceDescription{}; }, [](const Answer&) {});
  CHECK(pool.finish({}).empty());
}
