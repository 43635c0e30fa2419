// From what a device announces and where the datagram came from to a record of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os/interfaces.h"
#include "libonvif/discovery.h"
#include "libonvif/discovery/message.h"

namespace camctl::onvif::discovery {

// What the scopes say (quirk 20): percent-decoded, the most specific of several.
struct ScopeFacts {
  std::string name, hardware, location, mac;
};
ScopeFacts read_scopes(const std::vector<std::string>& scopes);

// The service addresses in the order in which to try them (quirks 10 to 12): those at `source` first, then
// those in the interface's network, http before https. Addresses that cannot be right, and those outside the
// network, are replaced by `source` with port and path kept; an empty path is "/" (quirk 66). No duplicates.
std::vector<std::string> order_xaddrs(const std::vector<std::string>& xaddrs, const IpAddress& source,
                                      const Cidr& network);

// `text` as a URL where a port stands twice ("http://10.0.0.5:8106:8106/…", quirk 67) or white space around.
std::string repair_xaddr(std::string_view text);

// The host and port of a service address as they stand in a record.
struct ServiceAddress {
  std::string ip;
  std::uint16_t port = 0;
};
std::optional<ServiceAddress> service_address(std::string_view xaddr);

// An http(s) URL of `address`: IPv6 in brackets, the scheme's own port left out.
std::string service_url(const IpAddress& address, std::uint16_t port, bool tls, std::string_view path);

// A record of what `announcement`, received from `source` on `local`, says.
FoundDevice describe(const Announcement& announcement, const IpAddress& source,
                     const os::InterfaceAddress& local);

// Adds to `known` what a further answer of the same device says.
void merge(FoundDevice& known, const FoundDevice& further);

// Quirks 17 and 18: one address and one endpoint, or one address and one port. The same endpoint behind
// another address is another device.
bool same_device(const FoundDevice& a, const FoundDevice& b);

}  // namespace camctl::onvif::discovery
