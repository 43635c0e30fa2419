#include "libhls/backoff.h"

#include <doctest/doctest.h>

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;
constexpr Backoff::Clock::time_point kStart{1h};

void check_near(std::chrono::milliseconds delay, std::chrono::milliseconds wanted) {
  CHECK(delay >= wanted * 3 / 4);
  CHECK(delay <= wanted * 5 / 4);
}

TEST_CASE("backoff: 1 s to 4 s at first, 30 s with probes when hope is gone") {
  Backoff backoff(1);
  for (const auto wanted : {1000ms, 2000ms, 4000ms, 4000ms}) {
    const auto next = backoff.failed(ErrorCode::kTimeout, kStart);
    check_near(next.delay, wanted);
    CHECK_FALSE(next.probe);
  }
  auto next = backoff.failed(ErrorCode::kNetwork, kStart + 5min);
  check_near(next.delay, 30s);
  CHECK(next.probe);

  SUBCASE("a host that answers brings hope back") {
    backoff.probed(true);
    next = backoff.failed(ErrorCode::kTimeout, kStart + 6min);
    check_near(next.delay, 4s);
    backoff.probed(false);
    check_near(backoff.failed(ErrorCode::kTimeout, kStart + 7min).delay, 30s);
  }
  SUBCASE("so does one that says something") {
    check_near(backoff.failed(ErrorCode::kProtocol, kStart + 1h).delay, 4s);
  }
  SUBCASE("success starts all over") {
    backoff.succeeded();
    check_near(backoff.failed(ErrorCode::kTimeout, kStart + 10h).delay, 1s);
  }
}

TEST_CASE("backoff: refused credentials are tried rarely, cameras lock accounts") {
  Backoff backoff(2);
  for (const auto wanted : {5min, 10min, 20min, 40min, 60min, 60min}) {
    const auto delay = backoff.failed(ErrorCode::kAuth, kStart).delay;
    check_near(delay, wanted);
    CHECK(delay >=
          wanted);  // a gate that counts the same time would refuse again, and that count as a refusal
  }
  check_near(backoff.failed(ErrorCode::kUnsupported, kStart).delay, 60s);
}

TEST_CASE("backoff: delays differ") {
  Backoff a(1), b(2);
  CHECK(a.failed(ErrorCode::kTimeout, kStart).delay != b.failed(ErrorCode::kTimeout, kStart).delay);
}

}  // namespace
}  // namespace camctl::hls
