// WS-Discovery messages (the 2005/04 edition, as ONVIF Core §7 asks): the probes that we send, and what comes
// back.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace camctl::onvif::discovery {

// Devices answer one or another of these (quirks 1 to 3); Types never holds two, since matching may be by
// AND.
enum class ProbeKind : std::uint8_t { kTransmitter, kDevice, kUntyped };

// A Probe; `message_id` is a URI. Prefixes and declarations stand where devices look for them (quirk 4), and
// an untyped probe has no Types element at all (quirk 5).
std::string probe_message(ProbeKind kind, std::string_view message_id);

// A fresh "urn:uuid:…" (version 4).
std::string new_message_id();

// One device's words about itself. Strings are trimmed and valid UTF-8, lists are bounded.
struct Announcement {
  enum class Kind : std::uint8_t { kMatch, kHello, kBye, kFault };
  Kind kind = Kind::kMatch;
  std::string endpoint;  // "urn:uuid:…" wherever the device gave a UUID in any form
  std::vector<std::string> types, scopes, xaddrs;
  bool onvif = false;      // the types or scopes say that it is an ONVIF device (quirk 21)
  std::string relates_to;  // the MessageID that it says it answers
  std::set<int> quirks;    // those that its text shows: 6 to 9, 20
};

// What a datagram says; empty if it is no answer. Read by local names, so that wrong namespaces, undeclared
// prefixes, a missing wrapper and junk around the envelope do no harm (quirks 7 to 9). A SOAP Fault is an
// announcement too: a device lives there (quirk 6). Never fails.
std::vector<Announcement> parse_announcements(std::string_view datagram);

// True if `datagram` looks like the first part of a message whose end is missing (quirk 24).
bool is_partial(std::string_view datagram);

// Scopes as devices write them, pieces without a scheme glued to the one before (quirk 20); not decoded.
std::vector<std::string> split_scopes(std::string_view text);

// Bounds of one datagram; what goes beyond is left out.
inline constexpr std::size_t kMaxDatagram = 65'536;  // of UDP
inline constexpr std::size_t kMaxMatches = 64;       // an NVR may speak for its channels
inline constexpr std::size_t kMaxTypes = 32;
inline constexpr std::size_t kMaxScopes = 128;  // real devices have up to 20
inline constexpr std::size_t kMaxXAddrs = 16;   // two schemes and two address families for each of four NICs

}  // namespace camctl::onvif::discovery
