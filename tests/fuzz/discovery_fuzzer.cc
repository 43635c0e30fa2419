// Datagrams of WS-Discovery and answers to the date call: never crashes; what is made of them stays within
// its bounds, is clean text, and never leads away from the sender's network.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/url.h"
#include "libonvif/discovery/probe_socket.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/reply.h"

using namespace camctl;
using namespace camctl::onvif::discovery;

namespace {

// A datagram of text, three bytes for each bad one and hosts replaced, and what lists of it take.
constexpr std::size_t kMostHeld = 4 * kMaxDatagram + 256 * (kMaxScopes + kMaxXAddrs + kMaxTypes);

void check(const Announcement& announcement) {
  const os::InterfaceAddress local{.interface = "eth0",
                                   .index = 2,
                                   .address = *IpAddress::parse("192.168.1.2"),
                                   .network = *Cidr::parse("192.168.1.0/24"),
                                   .loopback = false,
                                   .multicast = true};
  if (announcement.scopes.size() > kMaxScopes || announcement.xaddrs.size() > kMaxXAddrs) abort();
  auto record = describe(announcement, *IpAddress::parse("192.168.1.9"), local);
  for (const std::string& xaddr : record.xaddrs) {
    const auto url = Url::parse(xaddr);
    if (!url || !url->credentials.empty()) abort();
    const auto host = IpAddress::parse(url->host);
    if (!host || !local.network.contains(*host)) abort();
  }
  for (const std::string* text : {&record.name, &record.hardware, &record.location, &record.endpoint})
    for (const char c : *text)
      if (static_cast<unsigned char>(c) < 0x20) abort();
  const auto copy = record;
  if (record.port != 0 && !same_device(record, copy)) abort();
  merge(record, copy);
  if (record.xaddrs != copy.xaddrs) abort();
  refresh(record, copy);
  if (record.xaddrs != copy.xaddrs || held_bytes(record) > kMostHeld) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto found = parse_announcements(text);
  if (found.size() > kMaxMatches) abort();
  for (const Announcement& announcement : found) check(announcement);
  read_date_reply(200, text);
  read_date_reply(401, text);
  Reassembly reassembly;
  const IpAddress from = *IpAddress::parse("192.168.1.9");
  const std::string first = reassembly.take(text.substr(0, size / 2), from);
  if (first.empty() && size > 1) reassembly.take(text.substr(size / 2), from);
  return 0;
}
