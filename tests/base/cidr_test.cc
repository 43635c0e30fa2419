#include "base/cidr.h"

#include <doctest/doctest.h>

using namespace camctl;

TEST_CASE("networks list the hosts that a sweep visits") {
  struct Row {
    const char* text;
    const char* shown;
    std::uint64_t hosts;
    const char* first;
    const char* last;
  };
  const Row rows[] = {
      {"192.168.1.0/24", "192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"},
      {"192.168.1.77/24", "192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"},
      {"10.0.0.0/16", "10.0.0.0/16", 65534, "10.0.0.1", "10.0.255.254"},
      {"10.0.0.4/30", "10.0.0.4/30", 2, "10.0.0.5", "10.0.0.6"},
      {"10.0.0.4/31", "10.0.0.4/31", 2, "10.0.0.4", "10.0.0.5"},
      {"127.0.0.2", "127.0.0.2/32", 1, "127.0.0.2", "127.0.0.2"},
      {"0.0.0.0/0", "0.0.0.0/0", (1ull << 32) - 2, "0.0.0.1", "255.255.255.254"},
      {"fd00::7", "fd00::7/128", 1, "fd00::7", "fd00::7"},
      {"fd00::/120", "fd00::/120", 256, "fd00::", "fd00::ff"},
      {"fd00::/64", "fd00::/64", 1ull << 32, "fd00::", "fd00::ffff:ffff"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto cidr = Cidr::parse(row.text);
    REQUIRE(cidr);
    CHECK(cidr->to_string() == row.shown);
    CHECK(cidr->host_count() == row.hosts);
    CHECK(cidr->host(0).to_string() == row.first);
    CHECK(cidr->host(cidr->host_count() - 1).to_string() == row.last);
    CHECK(cidr->contains(cidr->host(cidr->host_count() - 1)));
  }
}

TEST_CASE("an address is in a network or not, whatever the prefix") {
  const auto in = [](const char* network, const char* address) {
    return Cidr::parse(network)->contains(*IpAddress::parse(address));
  };
  CHECK(in("10.1.2.0/23", "10.1.3.255"));
  CHECK(!in("10.1.2.0/23", "10.1.4.0"));
  CHECK(in("10.1.2.3", "10.1.2.3"));
  CHECK(!in("10.1.2.3", "10.1.2.2"));
  CHECK(in("0.0.0.0/0", "8.8.8.8"));
  CHECK(!in("0.0.0.0/0", "fd00::1"));
  CHECK(in("fd00::/9", "fd7f::1"));
  CHECK(!in("fd00::/9", "fd80::1"));
}

TEST_CASE("bad networks and addresses are refused") {
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
                           "fd00::/129", "cam.lan", "fe80::1%eth0/64", "10.0.0.256"}) {
    CAPTURE(text);
    REQUIRE(!Cidr::parse(text));
    CHECK(Cidr::parse(text).error().code == ErrorCode::kUsage);
  }
}

TEST_CASE("loopback addresses of both families") {
  CHECK(IpAddress::parse("127.9.9.9")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK(!IpAddress::parse("128.0.0.1")->is_loopback());
  CHECK(!IpAddress::parse("::2")->is_loopback());
}
