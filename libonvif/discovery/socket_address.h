// Between IpAddress and the system's socket addresses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "base/cidr.h"

namespace camctl::onvif::discovery {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// AF_INET for IPv4, else AF_INET6 with `interface_index` as its zone.
SocketAddress socket_address(const IpAddress& address, std::uint16_t port, unsigned interface_index = 0);

// The address of a datagram's sender.
IpAddress ip_address(const SocketAddress& address);

}  // namespace camctl::onvif::discovery
