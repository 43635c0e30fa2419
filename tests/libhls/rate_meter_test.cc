#include "libhls/rate_meter.h"

#include <doctest/doctest.h>

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

TEST_CASE("rate meter: steady, after the first second and after a pause") {
  RateMeter meter;
  auto now = RateMeter::Clock::time_point(1h + 300ms);
  CHECK(meter.rates(now).kbps == 0);
  const auto feed = [&](int frames) {
    for (int i = 0; i < frames; ++i, now += 40ms) meter.add(10'000, true, now);  // 25 fps, 2 Mbit/s
  };
  for (const int frames : {25, 100, 1000}) {
    feed(frames);
    CHECK(meter.rates(now).fps == doctest::Approx(25).epsilon(0.06));
    CHECK(meter.rates(now).kbps == doctest::Approx(2000).epsilon(0.06));
  }
  now += 10s;
  CHECK(meter.rates(now).fps == 0);
  feed(50);
  CHECK(meter.rates(now).fps == doctest::Approx(25).epsilon(0.06));
}

TEST_CASE("rate meter: audio counts in bits, not in frames") {
  RateMeter meter;
  auto now = RateMeter::Clock::time_point(1h);
  for (int i = 0; i < 100; ++i, now += 20ms) meter.add(160, false, now);
  CHECK(meter.rates(now).fps == 0);
  CHECK(meter.rates(now).kbps == doctest::Approx(64).epsilon(0.06));
}

}  // namespace
}  // namespace camctl::hls
