#include "libonvif/discovery/socket_address.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::onvif::discovery;

TEST_CASE("addresses go to the system's form and back") {
  for (const char* text :
       {"0.0.0.0", "127.0.0.1", "239.255.255.250", "255.255.255.255", "::1", "fe80::1", "ff02::c"}) {
    CAPTURE(text);
    const IpAddress address = *IpAddress::parse(text);
    CHECK(ip_address(socket_address(address, 3702)) == address);
  }
  const SocketAddress six = socket_address(*IpAddress::parse("fe80::1"), 80, 7);
  CHECK(six.get()->sa_family == AF_INET6);
  CHECK(reinterpret_cast<const sockaddr_in6*>(six.get())->sin6_scope_id == 7);
  CHECK(six.size == sizeof(sockaddr_in6));
  CHECK(socket_address(*IpAddress::parse("10.0.0.1"), 80, 7).size == sizeof(sockaddr_in));
}
