#include "libhls/stream_log.h"

#include <doctest/doctest.h>

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

const StreamLog::Clock::time_point kStart{std::chrono::hours(1000)};

TEST_CASE("a camera that stays away is mentioned each ten minutes, with how often it was tried") {
  StreamLog log;
  CHECK(log.lost("no route", kStart) == "no route");
  for (int i = 1; i <= 59; ++i) CHECK_FALSE(log.lost("no route", kStart + i * 10s));
  CHECK(log.lost("no route", kStart + 600s) == "no route (59 more times since this was last said)");
  CHECK(log.lost("refused", kStart + 601s) == "refused");
  CHECK(log.live());
}

TEST_CASE("a camera that comes and goes for hours does not fill the log") {
  StreamLog log;
  int lines = 0;
  for (int i = 0; i < 4 * 360; ++i) {  // four hours, each ten seconds, by changing reasons
    const auto said =
        log.lost(i % 2 == 0 ? "closed" : "no frame came for " + std::to_string(i) + " s", kStart + i * 10s);
    lines += said ? 1 : 0;
    CHECK(log.live() == said.has_value());
  }
  CHECK(lines <= 4 * 6 * static_cast<int>(StreamLog::kMostLosses));
  CHECK(lines >= 4 * 6);
}

TEST_CASE("a loss of the same kind after pictures came is news") {
  StreamLog log;
  CHECK(log.lost("closed", kStart));
  CHECK(log.live());
  CHECK(log.lost("closed", kStart + 60s));
  CHECK_FALSE(log.lost("closed", kStart + 61s));
}

TEST_CASE("the end of an outage that was said is said, however many failures were not") {
  StreamLog log;
  CHECK(log.live());
  CHECK(log.lost("closed", kStart));
  CHECK(log.lost("refused", kStart + 1s));
  CHECK_FALSE(log.lost("refused", kStart + 2s));
  CHECK(log.live());
  CHECK(log.lost("closed", kStart + 60s));
  CHECK_FALSE(log.lost("refused", kStart + 61s));  // the fourth in ten minutes
  CHECK(log.live());
}

TEST_CASE("lost packets are counted in one line each ten minutes") {
  StreamLog log;
  CHECK_FALSE(log.holes(0, kStart));
  CHECK(log.holes(1, kStart + 1s) == "packets were lost; pictures are missing up to the next key frame");
  for (std::uint64_t i = 2; i < 600; ++i) CHECK_FALSE(log.holes(i, kStart + 1s * i));
  CHECK(log.holes(600, kStart + 601s) ==
        "packets were lost in 599 places; pictures are missing up to the next key frame");
}

}  // namespace
}  // namespace camctl::hls
