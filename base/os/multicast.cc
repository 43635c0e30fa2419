#include "base/os/multicast.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace camctl::os {
namespace {

template <class Value>
Result<void> set(int socket, int option, const Value& value, const char* doing) {
  if (::setsockopt(socket, IPPROTO_IP, option, &value, sizeof value) == 0) return {};
  return fail(ErrorCode::kIo, std::string(doing) + ": " + std::generic_category().message(errno));
}

ip_mreqn request_for(unsigned interface_index) {
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(interface_index);
  return request;
}

}  // namespace

Result<void> join_multicast(int socket, const IpAddress& group, unsigned interface_index) {
  if (!group.is_v4()) {
    ipv6_mreq request{};
    request.ipv6mr_interface = interface_index;
    std::memcpy(&request.ipv6mr_multiaddr, group.bytes.data(), group.bytes.size());
    if (::setsockopt(socket, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0) return {};
    return fail(ErrorCode::kIo, "joining an IPv6 multicast group: " + std::generic_category().message(errno));
  }
  auto request = request_for(interface_index);
  std::memcpy(&request.imr_multiaddr, group.bytes.data() + 12, 4);  // the IPv4 part of the mapped form
  if (auto r = set(socket, IP_MULTICAST_ALL, 0, "limiting a socket to its multicast groups"); !r) return r;
  return set(socket, IP_ADD_MEMBERSHIP, request, "joining a multicast group");
}

Result<void> send_multicast_through(int socket, unsigned interface_index) {
  if (auto r = set(socket, IP_MULTICAST_IF, request_for(interface_index), "choosing the multicast interface");
      !r)
    return r;
  return set(socket, IP_MULTICAST_TTL, 1, "limiting multicast to one hop");
}

}  // namespace camctl::os
