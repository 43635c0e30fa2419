#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apps/serve/auth/attempts.h"

namespace camctl::apps::serve::auth {
namespace {

using namespace std::chrono_literals;

IpAddress at(std::string_view text) { return IpAddress::parse(text).value(); }

const Attempts::Clock::time_point kStart = Attempts::Clock::time_point{} + 1h;

// How many attempts go through at `now`.
int tries(Attempts& attempts, const IpAddress& address, std::string_view account,
          Attempts::Clock::time_point now) {
  int count = 0;
  while (count < 1000 && attempts.begin(address, account, now) == 0s) ++count;
  return count;
}

TEST_CASE("an address may be wrong ten times, then each half minute") {
  Attempts attempts;
  const auto address = at("192.0.2.1");
  CHECK(tries(attempts, address, "a", kStart) == Attempts::kOfAddress);
  CHECK(attempts.begin(address, "b", kStart) == 30s);
  CHECK(attempts.begin(address, "b", kStart + 29s) == 1s);
  CHECK(attempts.begin(address, "b", kStart + 30s) == 0s);
  CHECK(attempts.begin(address, "b", kStart + 31s) > 0s);
  CHECK(tries(attempts, address, "c", kStart + 10min) == Attempts::kOfAddress);
  CHECK(attempts.begin(at("192.0.2.2"), "d", kStart) == 0s);  // others are not concerned
}

TEST_CASE("one customer's addresses count as one") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kOfAddress; ++i)
    CHECK(attempts.begin(at(fmt::format("2001:db8::{}", i + 1)), fmt::format("user{}", i), kStart) == 0s);
  CHECK(attempts.begin(at("2001:db8::ffff"), "x", kStart) > 0s);
  CHECK(attempts.begin(at("2001:db8:0:1::1"), "x", kStart) == 0s);
}

TEST_CASE("an account is guarded against many addresses, its owner's not among them") {
  Attempts attempts;
  const auto home = at("198.51.100.7");
  CHECK(attempts.begin(home, "anna", kStart) == 0s);
  attempts.succeeded(home, "anna", kStart);
  int through = 0;
  for (int i = 0; i < 100; ++i)
    through += attempts.begin(at(fmt::format("192.0.2.{}", i)), "anna", kStart) == 0s ? 1 : 0;
  CHECK(through == Attempts::kOfAccount);
  CHECK(attempts.begin(home, "anna", kStart) == 0s);
  CHECK(attempts.begin(at("192.0.2.200"), "bert", kStart) == 0s);
}

TEST_CASE("what was right does not count") {
  Attempts attempts;
  const auto address = at("192.0.2.1");
  for (int i = 0; i < 100; ++i) {
    REQUIRE(attempts.begin(address, "anna", kStart) == 0s);
    attempts.succeeded(address, "anna", kStart);
  }
}

TEST_CASE("a flood of addresses and names takes bounded room") {
  Attempts attempts;
  const auto wrong = at("192.0.2.1");
  CHECK(tries(attempts, wrong, "anna", kStart) == Attempts::kOfAddress);
  for (std::size_t i = 0; i < Attempts::kMaxKnown + 10; ++i)
    attempts.begin(at(fmt::format("10.{}.{}.1", i >> 8, i & 255)), fmt::format("user{}", i), kStart);
  CHECK(attempts.begin(wrong, "anna", kStart) > 0s);  // who has tried most is not forgotten first
}

}  // namespace
}  // namespace camctl::apps::serve::auth
