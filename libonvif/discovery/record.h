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

// 169.254.0.0/16 and fe80::/10: good on one link only.
bool is_link_local(const IpAddress& address);

// `address` as it stands in a record, "fe80::1%eth0" with its interface where it means nothing without (quirk
// 11).
std::string address_text(const IpAddress& address, const os::InterfaceAddress& local);

// The service addresses in the order in which to try them (quirks 10 to 12): those at `source` first, then
// those in the network of `local`, http before https. Addresses that cannot be right, and those outside the
// network, are replaced by `source` with port and path kept; an empty path is "/" (quirk 66). No duplicates.
std::vector<std::string> order_xaddrs(const std::vector<std::string>& xaddrs, const IpAddress& source,
                                      const os::InterfaceAddress& local);

// `text` as a URL where a port stands twice ("http://10.0.0.5:8106:8106/…", quirk 67) or white space around.
std::string repair_xaddr(std::string_view text);

// The host and port of a service address as they stand in a record.
struct ServiceAddress {
  std::string ip;
  std::uint16_t port = 0;
};
std::optional<ServiceAddress> service_address(std::string_view xaddr);

// An http(s) URL of an address in the form of a record: IPv6 in brackets, a zone after %25 (RFC 6874), the
// scheme's own port left out.
std::string service_url(std::string_view address, std::uint16_t port, bool tls, std::string_view path);

// A record of what `announcement`, received from `source` on `local`, says.
FoundDevice describe(const Announcement& announcement, const IpAddress& source,
                     const os::InterfaceAddress& local);

// Puts what a Hello says in the place of what `known` was announced as before; what else is known stays.
void refresh(FoundDevice& known, const FoundDevice& hello);

// Adds to `known` what a further answer of the same device says.
void merge(FoundDevice& known, const FoundDevice& further);

// About how much memory the record takes.
std::size_t held_bytes(const FoundDevice& device);

// Quirks 17 and 18: one address and one endpoint, or one address and one port. The same endpoint behind
// another address is another device.
bool same_device(const FoundDevice& a, const FoundDevice& b);

// One device that answered over IPv6 (`six`) and over IPv4 on the same interface.
bool same_over_ipv4(const FoundDevice& six, const FoundDevice& four);

}  // namespace camctl::onvif::discovery
