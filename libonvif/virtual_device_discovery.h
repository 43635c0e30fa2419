// WS-Discovery (2005/04) as a device speaks it: reading Probe and Resolve, and writing what answers them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libonvif/virtual_device.h"

namespace camctl::onvif {

// A qualified name from text; `space` is empty where the prefix was not declared (quirk 4 in reverse).
struct QName {
  std::string space, local;
  friend bool operator==(const QName&, const QName&) = default;
};

// A Probe or a Resolve (WS-Discovery 2005/04 §5.2, §6.2).
struct DiscoveryQuery {
  enum class Kind : std::uint8_t { kProbe, kResolve };
  enum class MatchBy : std::uint8_t { kRfc3986, kStrcmp0, kOther };

  Kind kind = Kind::kProbe;
  std::string message_id;           // may be empty
  std::vector<QName> types;         // Probe: all must match; none means any
  std::vector<std::string> scopes;  // Probe: all must match; none means any
  MatchBy match_by = MatchBy::kRfc3986;
  std::string endpoint;         // Resolve: who is looked for
  bool empty_types = false;     // Probe: a Types element with nothing in it (quirk 5)
  bool usual_prefixes = false;  // Probe: all types are dn: or tds:, declared on the Envelope (quirk 4)
};

// Reads a datagram. Nothing if it is neither Probe nor Resolve, is not XML, or exceeds kMaxQueryBytes.
std::optional<DiscoveryQuery> parse_discovery_query(std::string_view datagram);
inline constexpr std::size_t kMaxQueryBytes = 16 << 10;  // queries are 1 KB; what is longer isn't one
inline constexpr std::size_t kMaxQueryItems = 32;        // types or scopes in one query; more: no match

// Whether a device with these scopes and this endpoint is meant (§5.2.1, §6.2).
bool matches(const DiscoveryQuery& query, std::string_view endpoint, const std::vector<std::string>& scopes);

// What stands in the AppSequence header of a message (§7): when the device started, and which message it is.
struct AppSequence {
  std::uint64_t instance_id = 0, message_number = 0;
};

std::string hello_message(const VirtualDeviceConfig& config, AppSequence sequence);
std::string bye_message(const VirtualDeviceConfig& config, AppSequence sequence);
// ProbeMatches or ResolveMatches, with the query's MessageID as RelatesTo.
std::string match_message(const VirtualDeviceConfig& config, const DiscoveryQuery& query,
                          AppSequence sequence);

}  // namespace camctl::onvif
