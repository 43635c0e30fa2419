#include "base/os/interfaces.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <bit>
#include <cerrno>
#include <memory>
#include <system_error>

namespace camctl::os {
namespace {

std::string address_text(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

int prefix_length(const sockaddr* mask) {
  if (mask == nullptr) return -1;
  if (mask->sa_family == AF_INET)
    return std::popcount(reinterpret_cast<const sockaddr_in*>(mask)->sin_addr.s_addr);
  int bits = 0;
  for (const auto byte : reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr.s6_addr)
    bits += std::popcount(byte);
  return bits;
}

}  // namespace

Result<std::vector<InterfaceAddress>> interface_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0)
    return fail(ErrorCode::kIo,
                fmt::format("listing network interfaces: {}", std::generic_category().message(errno)));
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, freeifaddrs);

  std::vector<InterfaceAddress> result;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const auto family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const std::string text = address_text(*entry->ifa_addr);
    const int prefix = prefix_length(entry->ifa_netmask);
    auto address = IpAddress::parse(text);
    auto network = Cidr::parse(prefix < 0 ? text : fmt::format("{}/{}", text, prefix));
    if (!address || !network) continue;
    result.push_back({.interface = entry->ifa_name,
                      .index = if_nametoindex(entry->ifa_name),
                      .address = *address,
                      .network = *network,
                      .loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0,
                      .multicast = (entry->ifa_flags & IFF_MULTICAST) != 0});
  }
  return result;
}

Result<void> bind_to_interface(int socket, const std::string& interface) {
#ifdef __APPLE__
  const unsigned index = if_nametoindex(interface.c_str());
  const bool bound = setsockopt(socket, IPPROTO_IP, IP_BOUND_IF, &index, sizeof index) == 0 ||
                     setsockopt(socket, IPPROTO_IPV6, IPV6_BOUND_IF, &index, sizeof index) == 0;
#else
  const auto size = static_cast<socklen_t>(interface.size());
  const bool bound = setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, interface.data(), size) == 0;
#endif
  if (bound) return {};
  return fail(ErrorCode::kIo,
              fmt::format("binding a socket to {}: {}", interface, std::generic_category().message(errno)));
}

}  // namespace camctl::os
