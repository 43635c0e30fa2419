// The system's table of neighbours on the link.
#pragma once

#include <string>
#include <string_view>

#include "base/cidr.h"

namespace camctl::os {

// The hardware address last seen behind an IPv4 address, "aa:bb:cc:dd:ee:ff"; empty if none is known, as for
// hosts behind a router and for loopback. Reads the table anew each time; sends nothing.
std::string hardware_address(const IpAddress& address);

// The same from a table in the form of /proc/net/arp.
std::string hardware_address_in(std::string_view table, const IpAddress& address);

}  // namespace camctl::os
