#include "base/os/neighbours.h"

#include <doctest/doctest.h>

using namespace camctl;

TEST_CASE("hardware addresses from the table") {
  constexpr std::string_view kTable =
      "IP address       HW type     Flags       HW address            Mask     Device\n"
      "192.168.1.1      0x1         0x2         AA:BB:cc:dd:ee:ff     *        eth0\n"
      "192.168.1.10     0x1         0x0         00:00:00:00:00:00     *        eth0\n"
      "broken\n"
      "192.168.1.100    0x1         0x2         01:02:03:04:05:06     *        eth0";
  const auto look = [&](const char* address) {
    return os::hardware_address_in(kTable, *IpAddress::parse(address));
  };
  CHECK(look("192.168.1.1") == "aa:bb:cc:dd:ee:ff");
  CHECK(look("192.168.1.10").empty());  // asked for, never answered
  CHECK(look("192.168.1.100") == "01:02:03:04:05:06");
  CHECK(look("192.168.1.2").empty());
  CHECK(os::hardware_address_in("", *IpAddress::parse("192.168.1.1")).empty());
  CHECK(os::hardware_address(*IpAddress::parse("127.0.0.1")).empty());
}
