#include "librtsp/camera_clock.h"

#include <doctest/doctest.h>

using namespace camctl::rtsp;
using namespace std::chrono_literals;

TEST_CASE("late reports do not move the offset") {
  CameraClock clock;
  CHECK(!clock.offset());
  for (const auto late : {5ms, 12ms, 8ms, 400ms, 6ms, 9ms, 30ms}) clock.add(3600s - late);
  CHECK(*clock.offset() <= 3600s);
  CHECK(*clock.offset() >= 3600s - 15ms);
}

TEST_CASE("a clock that is set is believed with the second report, and one that drifts is followed") {
  CameraClock clock;
  for (int i = 0; i < 20; ++i) clock.add(10ms);
  clock.add(60s);
  CHECK(*clock.offset() == 10ms);  // one report may be a mistake
  clock.add(11ms);
  clock.add(60s);
  CHECK(*clock.offset() <= 11ms);
  clock.add(60s);
  CHECK(*clock.offset() == 60s);
  for (int i = 1; i <= 100; ++i) clock.add(60s + i * 50ms);
  CHECK(*clock.offset() > 64s);
}
