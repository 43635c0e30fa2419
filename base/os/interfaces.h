// Network interfaces of this host.
#pragma once

#include <string>
#include <vector>

#include "base/cidr.h"
#include "base/result.h"

namespace camctl::os {

struct InterfaceAddress {
  std::string interface;  // "eth0"
  unsigned index = 0;     // for multicast joins and IPv6 zones
  IpAddress address;
  Cidr network;  // the address's subnet
  bool loopback = false;
  bool multicast = false;  // the interface's flag; lo has none but still carries multicast on Linux
};

// Every address of every interface that is up, interfaces in the system's order. kIo.
Result<std::vector<InterfaceAddress>> interface_addresses();

// Lets a socket send and receive by that interface only, whatever the routes say. kIo.
Result<void> bind_to_interface(int socket, const std::string& interface);

}  // namespace camctl::os
