#include "base/os/neighbours.h"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

#include "base/os/fd.h"
#include "base/os/netlink.h"

namespace camctl::os {
namespace {

using netlink::take;

constexpr std::size_t kMaxNeighbours = 65'536;  // the kernel's default limit is 1024 an address family
constexpr unsigned kKnown = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

IpAddress address_of(int family, std::string_view bytes) {
  IpAddress address;
  const bool v4 = family == AF_INET;
  if (bytes.size() != (v4 ? 4u : 16u)) return address;
  if (v4) address.bytes[10] = address.bytes[11] = 0xff;
  std::memcpy(address.bytes.data() + (v4 ? 12 : 0), bytes.data(), bytes.size());
  return address;
}

std::string hardware_text(std::string_view bytes) {
  constexpr std::size_t kEthernet = 6;
  if (bytes.size() != kEthernet || bytes == std::string_view("\0\0\0\0\0\0", kEthernet)) return {};
  std::string text;
  for (const char byte : bytes)
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", static_cast<unsigned char>(byte));
  return text;
}

// One RTM_NEWNEIGH message without its header.
void read_neighbour(std::string_view message, std::vector<Neighbour>& into) {
  ndmsg entry{};
  if (!take(message, entry) || (entry.ndm_state & kKnown) == 0) return;
  message.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(sizeof entry), message.size()));
  Neighbour neighbour;
  neighbour.interface_index = static_cast<unsigned>(entry.ndm_ifindex);
  for (rtattr attribute{}; take(message, attribute);) {
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > message.size()) break;
    const auto value = message.substr(sizeof attribute, attribute.rta_len - sizeof attribute);
    if (attribute.rta_type == NDA_DST) neighbour.address = address_of(entry.ndm_family, value);
    if (attribute.rta_type == NDA_LLADDR) neighbour.hardware_address = hardware_text(value);
    message.remove_prefix(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), message.size()));
  }
  if (!neighbour.hardware_address.empty() && neighbour.address != IpAddress() && into.size() < kMaxNeighbours)
    into.push_back(std::move(neighbour));
}

}  // namespace

bool read_neighbours(std::string_view messages, std::vector<Neighbour>& into) {
  return netlink::each_message(messages, [&](std::uint16_t type, std::string_view payload) {
    if (type == RTM_NEWNEIGH) read_neighbour(payload, into);
  });
}

std::vector<Neighbour> neighbours() {
  std::vector<Neighbour> result;
  const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return result;
  struct {
    nlmsghdr header;
    ndmsg entry;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETNEIGH;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.entry.ndm_family = AF_UNSPEC;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &netlink::kPatience, sizeof netlink::kPatience);
  if (send(fd.get(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) return result;
  std::string buffer(netlink::kBuffer, '\0');
  for (bool more = true; more;) {
    const ssize_t count = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    more = read_neighbours(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)), result);
  }
  return result;
}

}  // namespace camctl::os
