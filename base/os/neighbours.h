// The system's table of neighbours on the link.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/cidr.h"

namespace camctl::os {

struct Neighbour {
  IpAddress address;
  unsigned interface_index = 0;
  std::string hardware_address;  // "aa:bb:cc:dd:ee:ff"
};

// Every neighbour whose hardware address is known, IPv4 (ARP) and IPv6 (NDP). Asks the kernel anew each time
// and sends nothing to the network. Hosts behind a router and loopback have no entry. Empty where the system
// refuses.
std::vector<Neighbour> neighbours();

// The same from netlink messages (RTM_NEWNEIGH, rtnetlink(7)); false when their end (NLMSG_DONE) was there.
bool read_neighbours(std::string_view messages, std::vector<Neighbour>& into);

}  // namespace camctl::os
