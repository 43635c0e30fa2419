#include "libonvif/discovery/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace camctl::onvif::discovery {
namespace {

constexpr std::size_t kV4Offset = 12;  // of an IPv4 address in its mapped form

}  // namespace

SocketAddress socket_address(const IpAddress& address, std::uint16_t port, unsigned interface_index) {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data() + kV4Offset, sizeof v4.sin_addr);
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.size = sizeof v4;
    return result;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_scope_id = interface_index;
  std::memcpy(&v6.sin6_addr, address.bytes.data(), address.bytes.size());
  std::memcpy(&result.storage, &v6, sizeof v6);
  result.size = sizeof v6;
  return result;
}

IpAddress ip_address(const SocketAddress& address) {
  IpAddress result;
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    result.bytes[10] = result.bytes[11] = 0xff;
    std::memcpy(result.bytes.data() + kV4Offset, &v4.sin_addr, sizeof v4.sin_addr);
  } else if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    std::memcpy(result.bytes.data(), &v6.sin6_addr, result.bytes.size());
  }
  return result;
}

}  // namespace camctl::onvif::discovery
