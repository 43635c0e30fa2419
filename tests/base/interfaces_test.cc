#include "base/os/interfaces.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace camctl;

TEST_CASE("the loopback interface is listed with its network") {
  const auto addresses = os::interface_addresses();
  REQUIRE(addresses);
  const auto lo = std::find_if(addresses->begin(), addresses->end(),
                               [](const auto& entry) { return entry.address.to_string() == "127.0.0.1"; });
  if (lo == addresses->end()) {
    MESSAGE("camctl: skipped, no 127.0.0.1 on this machine");
    return;
  }
  CHECK(lo->loopback);
  CHECK(lo->index > 0);
  CHECK(lo->network.contains(*IpAddress::parse("127.0.0.77")));
}
