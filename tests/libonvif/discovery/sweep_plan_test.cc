#include "libonvif/discovery/sweep_plan.h"

#include <doctest/doctest.h>

#include <string>

using namespace camctl;
using namespace camctl::onvif::discovery;

namespace {

std::vector<Cidr> networks(std::initializer_list<const char*> texts) {
  std::vector<Cidr> result;
  for (const char* text : texts) result.push_back(*Cidr::parse(text));
  return result;
}

std::vector<std::string> walk(std::initializer_list<const char*> texts) {
  auto plan = SweepPlan::make(networks(texts));
  REQUIRE(plan);
  std::vector<std::string> hosts;
  while (const auto address = plan->next()) hosts.push_back(address->to_string());
  return hosts;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("hosts of networks, each once") {
  CHECK(walk({}).empty());
  CHECK(walk({"10.0.0.5"}) == Strings{"10.0.0.5"});
  CHECK(walk({"10.0.0.0/30"}) == Strings{"10.0.0.1", "10.0.0.2"});
  CHECK(walk({"10.0.0.0/31"}) == Strings{"10.0.0.0", "10.0.0.1"});
  CHECK(walk({"10.0.0.7/29"}).front() == "10.0.0.1");
  CHECK(walk({"10.0.0.0/30", "10.0.0.0/29"}) ==
        Strings{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"});
  CHECK(walk({"10.0.0.0/30", "10.0.0.0/30"}) == Strings{"10.0.0.1", "10.0.0.2"});
  CHECK(walk({"192.168.1.0/24"}).size() == 254);
  CHECK(walk({"fd00::/126"}).size() == 4);
}

TEST_CASE("what is too large is refused") {
  CHECK(SweepPlan::make(networks({"10.0.0.0/12"})));
  for (const auto& list :
       {networks({"10.0.0.0/8"}), networks({"10.0.0.0/12", "11.0.0.0/29"}), networks({"fd00::/64"})}) {
    const auto plan = SweepPlan::make(list);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().code == ErrorCode::kUsage);
  }
}

TEST_CASE("membership") {
  const auto plan = SweepPlan::make(networks({"10.0.0.0/30", "192.168.1.4"}));
  REQUIRE(plan);
  CHECK(plan->contains(*IpAddress::parse("10.0.0.1")));
  CHECK(plan->contains(*IpAddress::parse("192.168.1.4")));
  CHECK_FALSE(plan->contains(*IpAddress::parse("192.168.1.5")));
}

TEST_CASE("the pace is kept on average and bursts are small") {
  using namespace std::chrono_literals;
  const Pace::Clock::time_point start{};
  Pace pace(100, start);
  int sent = 0;
  for (auto now = start; now < start + 10s; now += 5ms)
    while (pace.take(now)) ++sent;
  CHECK(sent >= 990);
  CHECK(sent <= 1001);
  int burst = 0;
  while (pace.take(start + 60s)) ++burst;
  CHECK(burst == 10);
  Pace slow(1, start);
  CHECK(slow.take(start));
  CHECK_FALSE(slow.take(start + 500ms));
  CHECK(slow.take(start + 1001ms));
}

TEST_CASE("patience follows what answers, within its bounds") {
  using namespace std::chrono_literals;
  Patience patience;
  CHECK(patience.value() == Patience::kFirst);
  for (int i = 0; i < 20; ++i) patience.add(1ms);
  CHECK(patience.value() == Patience::kLeast);
  for (int i = 0; i < 40; ++i) patience.add(400ms);
  CHECK(patience.value() > 400ms);
  CHECK(patience.value() < 600ms);
  for (int i = 0; i < 40; ++i) patience.add(i % 2 ? 10ms : 3s);
  CHECK(patience.value() == Patience::kMost);
}
