#include "libhls/part_policy.h"

#include <doctest/doctest.h>

#include <vector>

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

constexpr MediaTime kWanted = 200ms, kTarget = 4s;

MediaTime ms(double value) { return MediaTime(static_cast<std::int64_t>(value * 90)); }
double seconds(MediaTime time) { return std::chrono::duration<double>(time).count(); }

// Feeds units as a window does, and keeps what came of it.
struct Feeder {
  PartPolicy policy{kWanted, kTarget};
  MediaTime now{};
  struct Ended {
    PartSpan span;
    std::size_t epoch;
    bool last;  // of its segment
  };
  std::vector<Ended> parts;

  void keep(const std::optional<PartSpan>& span, bool last = false) {
    if (span) parts.push_back({*span, policy.epoch(), last});
  }

  // One segment of units that each last for one of `intervals`, expected to last for `expected` (0: what they
  // do last).
  void segment(const std::vector<MediaTime>& intervals, MediaTime expected = {}) {
    policy.begin_segment(now);
    for (const auto interval : intervals) {
      keep(policy.end_before(now));
      keep(policy.end_after(now, expected == MediaTime{} ? interval : expected));
      now += interval;
    }
    if (policy.units() > 0) keep(policy.end_segment(now), true);
  }
  void steady(MediaTime interval, int units, int segments = 1) {
    for (int i = 0; i < segments; ++i)
      segment(std::vector<MediaTime>(static_cast<std::size_t>(units), interval));
  }

  // RFC 8216bis §4.4.4.9.
  void check() const {
    for (const auto& part : parts) {
      const auto target = policy.targets()[part.epoch];
      const auto length = part.span.end - part.span.start;
      CHECK(length > MediaTime{});
      CHECK(length <= target);
      if (!part.last) CHECK(length * 100 >= target * 85);
    }
  }
};

TEST_CASE("the target is 1.1 times as many whole units as come near the wanted length") {
  struct Case {
    double interval;
    double part, target;
  };
  for (const auto& c : {Case{40, 0.2, 0.22}, Case{1000.0 / 30, 0.2, 0.22}, Case{50, 0.2, 0.22},
                        Case{1000.0 / 12, 0.1667, 0.1833}, Case{100, 0.2, 0.22}, Case{200, 0.2, 0.22},
                        Case{500, 0.5, 0.55}, Case{1000, 1.0, 1.1}, Case{20, 0.2, 0.22}}) {
    CAPTURE(c.interval);
    Feeder feeder;
    feeder.steady(ms(c.interval), static_cast<int>(4000 / c.interval), 3);
    REQUIRE(feeder.policy.targets().size() == 1);
    CHECK(seconds(feeder.policy.targets()[0]) == doctest::Approx(c.target).epsilon(0.002));
    CHECK(seconds(feeder.parts[0].span.end) == doctest::Approx(c.part).epsilon(0.002));
    feeder.check();
  }
}

TEST_CASE("what is declared counts until a second unit shows the truth") {
  SUBCASE("declared right: the part of a slow camera is there with its only unit") {
    Feeder feeder;
    feeder.policy.begin_segment({});
    CHECK_FALSE(feeder.policy.end_before({}));
    const auto part = feeder.policy.end_after({}, 200ms);
    REQUIRE(part);
    CHECK(part->end == 200ms);
  }
  SUBCASE("declared wrong: 25 a second that are 5") {
    Feeder feeder;
    feeder.segment(std::vector<MediaTime>(20, 200ms), 40ms);
    CHECK(seconds(feeder.policy.targets()[0]) == doctest::Approx(0.22));
    feeder.check();
  }
}

TEST_CASE("jitter keeps parts between 85 % and the target") {
  Feeder feeder;
  unsigned state = 1;
  for (int s = 0; s < 50; ++s) {
    std::vector<MediaTime> intervals;
    for (int i = 0; i < 50; ++i) {
      state = state * 1'103'515'245 + 12'345;
      intervals.push_back(ms(30 + (state >> 16) % 21));
    }
    feeder.segment(intervals, 40ms);
  }
  CHECK(feeder.policy.targets().size() == 1);
  CHECK(feeder.parts.size() > 400);
  feeder.check();
}

TEST_CASE("pictures that come in pairs, as of a sensor of 30 a second that sends 20") {
  Feeder feeder;
  for (int s = 0; s < 5; ++s) {
    std::vector<MediaTime> intervals;
    for (int i = 0; i < 40; ++i) intervals.push_back(ms(i % 2 == 0 ? 100.0 / 3 : 200.0 / 3));
    feeder.segment(intervals, 50ms);
  }
  CHECK(feeder.policy.targets().size() == 1);
  feeder.check();
}

TEST_CASE(
    "25, 12 and 5 a second: each pace of which no number fits gets an epoch; a pace that fits gets none") {
  Feeder feeder;
  feeder.steady(40ms, 50, 3);
  CHECK(feeder.policy.epoch() == 0);
  feeder.steady(ms(1000.0 / 12), 24, 4);
  CHECK(feeder.policy.epoch() == 1);
  CHECK(seconds(feeder.policy.targets()[1]) == doctest::Approx(0.18333).epsilon(0.001));
  feeder.steady(200ms, 10, 4);
  // One picture of 0.2 s fits the first epoch's 0.22 s.
  CHECK(feeder.policy.epoch() == 0);
  CHECK(feeder.policy.targets().size() == 2);
  feeder.steady(40ms, 50, 4);
  CHECK(feeder.policy.epoch() == 0);
  feeder.check();
}

TEST_CASE("pictures that become slower than a part may last") {
  Feeder feeder;
  feeder.steady(40ms, 50, 2);
  feeder.steady(1000ms, 4, 4);
  CHECK(feeder.policy.epoch() == 1);
  CHECK(seconds(feeder.policy.targets()[1]) == doctest::Approx(1.1));
  // Back to 25 a second: parts of a second would be legal and needlessly long.
  feeder.steady(40ms, 50, 3);
  CHECK(feeder.policy.epoch() == 0);
  feeder.check();
}

TEST_CASE("epochs are bounded whatever a camera does") {
  Feeder feeder;
  for (int pace = 1; pace < 60; ++pace) feeder.steady(ms(230 + 61 * pace % 1700), 12, 3);
  CHECK(feeder.policy.targets().size() <= PartPolicy::kMaxEpochs);
  feeder.check();
}

TEST_CASE("a hole inside a segment") {
  Feeder feeder;
  std::vector<MediaTime> intervals(50, 40ms);
  for (const auto hole : {80ms, 120ms, 230ms, 900ms, 2500ms}) {
    intervals[22] = hole;
    feeder.segment(intervals, 40ms);
    feeder.segment(std::vector<MediaTime>(50, 40ms), 40ms);
  }
  CHECK(feeder.policy.targets().size() == 1);
  feeder.check();
}

TEST_CASE("no parts where they are switched off or units last longer than segments may") {
  Feeder off;
  off.policy = PartPolicy(MediaTime{}, kTarget);
  off.steady(40ms, 50, 2);
  CHECK(off.parts.empty());
  Feeder slow;
  slow.steady(4s, 2, 3);
  CHECK(slow.parts.empty());
  CHECK(slow.policy.targets().empty());
}

TEST_CASE("time between two sessions is no interval") {
  Feeder feeder;
  feeder.policy.begin_segment({});
  CHECK_FALSE(feeder.policy.end_before({}));
  CHECK_FALSE(feeder.policy.end_after({}, 40ms));
  feeder.keep(feeder.policy.end_segment(40ms), true);
  feeder.policy.interrupt();
  feeder.now = 30s;
  feeder.steady(40ms, 50, 1);
  CHECK(seconds(feeder.policy.targets()[0]) == doctest::Approx(0.22));
  feeder.check();
}

}  // namespace
}  // namespace camctl::hls
