#include "libonvif/discovery/record.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::onvif;
using namespace camctl::onvif::discovery;
using Strings = std::vector<std::string>;

namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

os::InterfaceAddress eth0() {
  return {.interface = "eth0",
          .index = 2,
          .address = ip("192.168.1.2"),
          .network = *Cidr::parse("192.168.1.0/24"),
          .loopback = false,
          .multicast = true};
}

FoundDevice device(const char* address, std::uint16_t port, const char* endpoint) {
  FoundDevice result;
  result.ip = address;
  result.port = port;
  result.endpoint = endpoint;
  return result;
}

}  // namespace

TEST_CASE("facts from scopes (quirk 20)") {
  struct Case {
    Strings scopes;
    std::string name, hardware, location, mac;
  };
  const std::vector<Case> cases = {
      {{"onvif://www.onvif.org/name/AXIS%20M2025-LE", "onvif://www.onvif.org/hardware/M2025-LE",
        "onvif://www.onvif.org/location/"},
       "AXIS M2025-LE",
       "M2025-LE",
       "",
       ""},
      {{"onvif://www.onvif.org/name/IPyCam Lab"}, "IPyCam Lab", "", "", ""},
      {{"onvif://www.onvif.org/name/IPC-BO", "onvif://www.onvif.org/name/IPC"}, "IPC-BO", "", "", ""},
      {{"onvif://www.onvif.org/name/Cam1", "onvif://www.onvif.org/name/Cam2"}, "Cam2", "", "", ""},
      {{"onvif://www.onvif.org/location/country/china"}, "", "", "country/china", ""},
      {{"onvif://www.onvif.org/MAC/44:19:B6:01:02:03"}, "", "", "", "44:19:b6:01:02:03"},
      {{"onvif://www.onvif.org/macaddr/accc8e010203"}, "", "", "", "ac:cc:8e:01:02:03"},
      {{"onvif://www.onvif.org/MAC/02%3A9e%3A4b%3A07%3A8c%3Af3"}, "", "", "", "02:9e:4b:07:8c:f3"},
      {{"onvif://www.onvif.org/mac/nonsense"}, "", "", "", ""},
      {{"onvif://www.onvif.org/name/a%00b%1b[31m%ff"}, "a b [31m\xEF\xBF\xBD", "", "", ""},
      {{"onvif://", "onvif://www.onvif.org", "onvif://www.onvif.org/name", "x", "", "://"}, "", "", "", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.scopes.front());
    const ScopeFacts facts = read_scopes(c.scopes);
    CHECK(facts.name == c.name);
    CHECK(facts.hardware == c.hardware);
    CHECK(facts.location == c.location);
    CHECK(facts.mac == c.mac);
  }
}

TEST_CASE("service addresses in the order in which to try them") {
  struct Case {
    const char* name;
    Strings given;
    const char* source;
    Strings expected;
  };
  const std::vector<Case> cases = {
      {"quirk 10: the sender first, http before https, link-local last",
       {"http://169.254.251.249/onvif/device_service", "https://192.168.1.9/onvif/device_service",
        "http://192.168.1.77/x", "http://192.168.1.9/onvif/device_service"},
       "192.168.1.9",
       {"http://192.168.1.9/onvif/device_service", "https://192.168.1.9/onvif/device_service",
        "http://192.168.1.77/x"}},
      {"quirk 10: only a link-local address",
       {"http://169.254.1.1:8000/onvif/device_service"},
       "192.168.1.9",
       {"http://192.168.1.9:8000/onvif/device_service"}},
      {"quirk 11: IPv6 link-local without a zone",
       {"http://[fe80::1]/onvif/device_service"},
       "192.168.1.9",
       {"http://192.168.1.9/onvif/device_service"}},
      {"quirk 12: 0.0.0.0", {"http://0.0.0.0:8080/a?b=c"}, "192.168.1.9", {"http://192.168.1.9:8080/a?b=c"}},
      {"quirk 12: 127.0.1.1", {"http://127.0.1.1/a"}, "192.168.1.9", {"http://192.168.1.9/a"}},
      {"quirk 12: an address of another network",
       {"http://10.1.2.3:8899/a"},
       "192.168.1.9",
       {"http://192.168.1.9:8899/a"}},
      {"a host name is never looked up", {"http://evil.example/a"}, "192.168.1.9", {"http://192.168.1.9/a"}},
      {"quirk 66: no path", {"http://192.168.1.9:1000"}, "192.168.1.9", {"http://192.168.1.9:1000/"}},
      {"quirk 67: the port twice",
       {"http://192.168.1.9:8106:8106/onvif"},
       "192.168.1.9",
       {"http://192.168.1.9:8106/onvif"}},
      {"twice the same",
       {"http://192.168.1.9/a", "http://192.168.1.9/a"},
       "192.168.1.9",
       {"http://192.168.1.9/a"}},
      {"credentials go", {"http://admin:secret@192.168.1.9/a"}, "192.168.1.9", {"http://192.168.1.9/a"}},
      {"other schemes and nonsense",
       {"file:///etc/passwd", "rtsp://192.168.1.9/", "http://", "x", ""},
       "192.168.1.9",
       {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(order_xaddrs(c.given, ip(c.source), eth0()) == c.expected);
  }
}

TEST_CASE("on loopback, loopback addresses are right") {
  os::InterfaceAddress lo = eth0();
  lo.network = *Cidr::parse("127.0.0.0/8");
  CHECK(order_xaddrs({"http://127.0.0.3:8000/x"}, ip("127.0.0.3"), lo) == Strings{"http://127.0.0.3:8000/x"});
  CHECK(order_xaddrs({"http://10.0.0.1:8000/x"}, ip("127.0.0.3"), lo) == Strings{"http://127.0.0.3:8000/x"});
}

TEST_CASE("IPv6 link-local addresses get the zone of the interface (quirk 11)") {
  os::InterfaceAddress local = eth0();
  local.address = ip("fe80::2");
  local.network = *Cidr::parse("fe80::2/64");
  CHECK(address_text(ip("fe80::9"), local) == "fe80::9%eth0");
  CHECK(address_text(ip("fd00::9"), local) == "fd00::9");
  CHECK(address_text(ip("169.254.1.1"), local) == "169.254.1.1");
  CHECK(order_xaddrs({"http://[fe80::9]:8000/x", "http://10.0.0.9:80/y"}, ip("fe80::9"), local) ==
        Strings{"http://[fe80::9%25eth0]:8000/x", "http://[fe80::9%25eth0]:80/y"});
}

TEST_CASE("one device over both versions of IP") {
  FoundDevice six = device("fe80::9%eth0", 80, "urn:uuid:a"), four = device("10.0.0.9", 80, "URN:UUID:A");
  six.interface = four.interface = "eth0";
  CHECK(same_over_ipv4(six, four));
  CHECK_FALSE(same_over_ipv4(four, six));
  CHECK_FALSE(same_over_ipv4(six, six));
  four.interface = "eth1";
  CHECK_FALSE(same_over_ipv4(six, four));
  four = device("10.0.0.9", 80, "");
  six.endpoint.clear();
  CHECK_FALSE(same_over_ipv4(six, four));
}

TEST_CASE("service URLs of an address") {
  CHECK(service_url("10.0.0.1", 80, false, "/a") == "http://10.0.0.1/a");
  CHECK(service_url("10.0.0.1", 8000, false, "/a") == "http://10.0.0.1:8000/a");
  CHECK(service_url("10.0.0.1", 443, true, "/") == "https://10.0.0.1/");
  CHECK(service_url("fd00::1", 80, false, "/") == "http://[fd00::1]/");
  CHECK(service_url("fe80::1%eth0", 8000, false, "/") == "http://[fe80::1%25eth0]:8000/");
}

TEST_CASE("a record of an announcement") {
  Announcement said;
  said.endpoint = "urn:uuid:1";
  said.types = {"dn:NetworkVideoTransmitter"};
  said.scopes = {"onvif://www.onvif.org/name/Door"};
  said.xaddrs = {"http://10.0.0.1:8000/onvif/device_service"};
  const FoundDevice found = describe(said, ip("192.168.1.9"), eth0());
  CHECK(found.ip == "192.168.1.9");
  CHECK(found.port == 8000);
  CHECK(found.name == "Door");
  CHECK(found.interface == "eth0");
  CHECK(found.found_by == std::set<std::string>{"ws-discovery"});
  CHECK(found.services == std::set<std::string>{"onvif"});
  said.xaddrs.clear();
  CHECK(describe(said, ip("192.168.1.9"), eth0()).port == 0);
}

TEST_CASE("what is one device (quirks 17 to 19)") {
  CHECK(same_device(device("10.0.0.1", 80, "urn:uuid:a"), device("10.0.0.1", 8080, "URN:UUID:A")));
  CHECK(same_device(device("10.0.0.1", 80, "urn:uuid:a"), device("10.0.0.1", 80, "urn:uuid:b")));
  CHECK(same_device(device("10.0.0.1", 80, ""), device("10.0.0.1", 80, "urn:uuid:b")));
  CHECK_FALSE(same_device(device("10.0.0.1", 80, "urn:uuid:a"), device("10.0.0.2", 80, "urn:uuid:a")));
  CHECK_FALSE(same_device(device("10.0.0.1", 80, ""), device("10.0.0.1", 8080, "")));
  CHECK_FALSE(same_device(device("10.0.0.1", 0, ""), device("10.0.0.1", 0, "")));
}

TEST_CASE("merging keeps what is known and adds the rest") {
  FoundDevice a = device("10.0.0.1", 80, "");
  a.name = "IPC";
  a.xaddrs = {"http://10.0.0.1/"};
  a.found_by = {"sweep"};
  FoundDevice b = device("10.0.0.1", 80, "urn:uuid:b");
  b.name = "IPC-BO";
  b.mac = "aa:bb:cc:dd:ee:ff";
  b.xaddrs = {"http://10.0.0.1/", "https://10.0.0.1/"};
  b.found_by = {"ws-discovery"};
  b.rtsp_ports = {554};
  merge(a, b);
  CHECK(a.endpoint == "urn:uuid:b");
  CHECK(a.name == "IPC-BO");
  CHECK(a.mac == b.mac);
  CHECK(a.xaddrs == b.xaddrs);
  CHECK(a.found_by == std::set<std::string>{"sweep", "ws-discovery"});
  CHECK(a.rtsp_ports == std::vector<std::uint16_t>{554});
}

TEST_CASE("quirks of service addresses (10 to 12)") {
  const auto quirks_of = [](Strings xaddrs) {
    Announcement said;
    said.xaddrs = std::move(xaddrs);
    return describe(said, ip("192.168.1.9"), eth0()).quirks;
  };
  using Quirks = std::set<int>;
  CHECK(quirks_of({"http://192.168.1.9/a"}).empty());
  CHECK(quirks_of({"http://192.168.1.9/a", "https://192.168.1.9/a", "http://169.254.1.1/a"}).empty());
  CHECK(quirks_of({"http://169.254.1.1/a", "http://192.168.1.9/a"}) == Quirks{10});
  CHECK(quirks_of({"https://192.168.1.9/a", "http://192.168.1.9/a"}) == Quirks{10});
  CHECK(quirks_of({"http://[fe80::1]/a"}) == Quirks{11});
  CHECK(quirks_of({"http://0.0.0.0/a"}) == Quirks{12});
  CHECK(quirks_of({"http://127.0.1.1/a"}) == Quirks{12});
  CHECK(quirks_of({"http://10.0.0.1/a"}) == Quirks{12});
  CHECK(quirks_of({}).empty());
}

TEST_CASE("a Hello replaces what was announced before (quirk 19)") {
  FoundDevice known = device("10.0.0.1", 80, "urn:uuid:a");
  known.name = "A long name";
  known.scopes = {"onvif://x/name/A"};
  known.rtsp_ports = {554};
  FoundDevice hello = device("10.0.0.1", 8000, "urn:uuid:a");
  hello.xaddrs = {"http://10.0.0.1:8000/"};
  refresh(known, hello);
  CHECK(known.port == 8000);
  CHECK(known.name == "A long name");  // it said nothing of names
  CHECK(known.quirks.empty());
  hello.endpoint = "urn:uuid:b";
  hello.name = "B";
  hello.scopes = {"onvif://x/name/B"};
  refresh(known, hello);
  CHECK(known.endpoint == "urn:uuid:b");
  CHECK(known.name == "B");
  CHECK(known.rtsp_ports == std::vector<std::uint16_t>{554});
  CHECK(known.quirks == std::set<int>{19});
}
