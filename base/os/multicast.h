// IPv4 multicast on one chosen interface.
#pragma once

#include "base/cidr.h"
#include "base/result.h"

namespace camctl::os {

// Makes the UDP socket receive `group` on that interface only: nothing that other sockets of this host have
// joined, and nothing from other interfaces. kIo.
Result<void> join_multicast(int socket, const IpAddress& group, unsigned interface_index);

// Makes the UDP socket send its multicast datagrams through that interface, one hop far. kIo.
Result<void> send_multicast_through(int socket, unsigned interface_index);

}  // namespace camctl::os
