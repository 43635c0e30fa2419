// Multicast on one chosen interface.
#pragma once

#include "base/cidr.h"
#include "base/result.h"

namespace camctl::os {

// Makes the UDP socket receive `group` on that interface only: nothing that other sockets of this host have
// joined, and, of IPv4, nothing from other interfaces (bind an IPv6 socket to the group with its zone). kIo.
Result<void> join_multicast(int socket, const IpAddress& group, unsigned interface_index);

// IPv4. Makes the UDP socket send its multicast datagrams through that interface, one hop far. kIo.
Result<void> send_multicast_through(int socket, unsigned interface_index);

}  // namespace camctl::os
