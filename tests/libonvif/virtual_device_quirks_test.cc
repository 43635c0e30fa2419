#include "libonvif/virtual_device_quirks.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "libonvif/discovery/message.h"
#include "libonvif/quirks.h"
#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl::onvif;
using discovery::ProbeKind;

namespace {

VirtualDevice device_with(int quirk) {
  auto config = test_device();
  config.quirks = {quirk};
  return VirtualDevice(config);
}

DiscoveryAnswer answer(const VirtualDevice& device, const std::string& probe, bool multicast = true) {
  return device.answer(*parse_discovery_query(probe), multicast);
}

// The kinds of our own probes that are answered: "NDU" for transmitter, device, untyped.
std::string answered(int quirk) {
  const VirtualDevice device = device_with(quirk);
  std::string kinds;
  for (const auto& [kind, letter] : {std::pair(ProbeKind::kTransmitter, 'N'),
                                     std::pair(ProbeKind::kDevice, 'D'), std::pair(ProbeKind::kUntyped, 'U')})
    if (!answer(device, discovery::probe_message(kind, "urn:uuid:1")).datagrams.empty()) kinds += letter;
  return kinds;
}

std::set<int> shown(int quirk) {
  const VirtualDevice device = device_with(quirk);
  std::string text;
  for (const auto& part :
       answer(device, discovery::probe_message(ProbeKind::kTransmitter, "urn:uuid:1")).datagrams)
    text += part;
  const auto found = discovery::parse_announcements(text);
  REQUIRE(!found.empty());
  return found.front().quirks;
}

}  // namespace

TEST_CASE("quirks: which of our probes are answered") {
  CHECK(answered(0) == "NDU");
  CHECK(answered(1) == "N");
  CHECK(answered(2) == "DU");
  CHECK(answered(3) == "ND");
  CHECK(answered(4) == "NDU");
  CHECK(answered(5) == "NDU");
  CHECK(answered(22) == "NDU");
  CHECK(answered(23).empty());
}

TEST_CASE("quirks: what such devices do not answer") {
  const auto message = [](const std::string& declared, const std::string& content) {
    return "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"" + declared +
           "><e:Body><d:Probe>" + content + "</d:Probe></e:Body></e:Envelope>";
  };
  const std::string other = message(
      "", "<d:Types xmlns:q=\"http://www.onvif.org/ver10/network/wsdl\">q:NetworkVideoTransmitter</d:Types>");
  CHECK(answer(device_with(4), other).datagrams.empty());
  CHECK_FALSE(answer(device_with(0), other).datagrams.empty());
  const std::string scoped = message("", "<d:Scopes>onvif://www.onvif.org/Profile/Streaming</d:Scopes>");
  CHECK(answer(device_with(22), scoped).datagrams.empty());
  CHECK_FALSE(answer(device_with(0), scoped).datagrams.empty());

  const VirtualDevice fragile = device_with(5);
  CHECK(answer(fragile, message("", "<d:Types/>")).datagrams.empty());
  CHECK(answer(fragile, message("", "")).datagrams.empty());  // it is dead now

  const std::string probe = discovery::probe_message(ProbeKind::kTransmitter, "urn:uuid:1");
  CHECK_FALSE(answer(device_with(23), probe, false).datagrams.empty());
  const VirtualDevice deaf = device_with(14);
  for (int i = 0; i < 3; ++i) CHECK(answer(deaf, probe).datagrams.empty());
  CHECK(answer(deaf, probe).delay.count() == 500);
}

TEST_CASE("quirks: what answers look like, as our reader sees them") {
  CHECK(shown(0).empty());
  CHECK(shown(6) == std::set<int>{6});
  CHECK(shown(7).contains(7));
  CHECK(shown(8) == std::set<int>{8});
  CHECK(shown(9) == std::set<int>{9});
  CHECK(shown(20) == std::set<int>{20});
  CHECK(shown(24).empty());  // joined
  CHECK(answer(device_with(17), discovery::probe_message(ProbeKind::kUntyped, "x")).datagrams.size() == 3);
  CHECK(answer(device_with(24), discovery::probe_message(ProbeKind::kUntyped, "x")).datagrams.size() == 2);
}

TEST_CASE("quirks: the table has each once, in order") {
  const auto& quirks = all_quirks();
  REQUIRE(quirks.size() == 94);
  for (std::size_t i = 0; i < quirks.size(); ++i) {
    CHECK(quirks[i].number == static_cast<int>(i) + 1);
    CHECK(quirk_text(quirks[i].number) == quirks[i].shows);
  }
  CHECK(quirk_text(0).empty());
  CHECK(quirk_text(95).empty());
  for (const int number : virtual_device_quirks()) CHECK(virtual_quirks().contains(number));
}
