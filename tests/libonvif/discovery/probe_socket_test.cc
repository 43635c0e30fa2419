#include "libonvif/discovery/probe_socket.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::onvif::discovery;

TEST_CASE("answers in two datagrams are put together (quirk 24)") {
  const IpAddress a = *IpAddress::parse("10.0.0.1"), b = *IpAddress::parse("10.0.0.2");
  const std::string whole =
      "<?xml version='1.0'?><e:Envelope xmlns:e='x'><e:Body><Hello/></e:Body></e:Envelope>";
  const std::string first = whole.substr(0, 50), second = whole.substr(50);
  Reassembly parts;
  CHECK(parts.take(whole, a) == whole);
  CHECK(parts.take(first, a).empty());
  CHECK(parts.take(whole, b) == whole);
  CHECK(parts.take(second, a) == whole);
  CHECK(parts.take(first, a).empty());
  CHECK(parts.take(whole, a) == whole);  // a new message makes the old beginning void
  CHECK(parts.take(second, a) == second);
  CHECK(parts.take("not xml", a) == "not xml");
}

TEST_CASE("beginnings without an end are bounded") {
  Reassembly parts;
  const std::string first = "<?xml version='1.0'?><e:Envelope xmlns:e='x'>";
  for (unsigned i = 0; i < 1000; ++i) {
    const IpAddress from = Cidr::parse("10.0.0.0/16")->host(i);
    CHECK(parts.take(first, from).empty());
  }
  // One source that never ends: what is kept stays within a datagram's size.
  const IpAddress a = *IpAddress::parse("10.9.9.9");
  CHECK(parts.take(first, a).empty());
  std::string passed;
  for (int i = 0; i < 5 && passed.empty(); ++i) passed = parts.take(std::string(20'000, 'x'), a);
  CHECK(passed.size() > kMaxDatagram);
}
