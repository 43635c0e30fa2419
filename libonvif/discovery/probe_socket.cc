#include "libonvif/discovery/probe_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/os/multicast.h"
#include "libonvif/discovery/socket_address.h"

namespace camctl::onvif::discovery {
namespace {

constexpr int kReceiveBuffer = 1 << 20;  // a thousand cameras answer six probes within a second

Result<os::Fd> open_socket(int family) {
  os::Fd fd(socket(family, SOCK_DGRAM, 0));
  if (!fd)
    return fail(ErrorCode::kIo,
                std::string("opening a socket for WS-Discovery: ") + std::generic_category().message(errno));
  fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  return fd;
}

// Multicast leaves by `local`. False with errno.
bool send_through(int fd, const os::InterfaceAddress& local, int hops) {
  if (!local.address.is_v4())
    return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &local.index, sizeof local.index) == 0 &&
           setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) == 0;
  constexpr std::size_t kV4Offset = 12;  // in the mapped form
  in_addr interface{};
  std::memcpy(&interface, local.address.bytes.data() + kV4Offset, sizeof interface);
  const auto ttl = static_cast<unsigned char>(hops);
  return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) == 0 &&
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) == 0;
}

}  // namespace

Result<ProbeSocket> ProbeSocket::on(const os::InterfaceAddress& local, int hops) {
  auto fd = open_socket(local.address.is_v4() ? AF_INET : AF_INET6);
  if (!fd) return fail(fd.error());
  const SocketAddress address = socket_address(local.address, 0, local.index);
  if (bind(fd->get(), address.get(), address.size) != 0 || !send_through(fd->get(), local, hops))
    return fail(ErrorCode::kIo,
                fmt::format("preparing WS-Discovery on {} ({}): {}", local.interface,
                            local.address.to_string(), std::generic_category().message(errno)));
  return ProbeSocket(std::move(*fd), local);
}

Result<ProbeSocket> ProbeSocket::listener(const os::InterfaceAddress& local) {
  const bool v4 = local.address.is_v4();
  auto fd = open_socket(v4 ? AF_INET : AF_INET6);
  if (!fd) return fail(fd.error());
  const int yes = 1;
  // Bound to a link-local group with its zone, an IPv6 socket hears that group on that interface only.
  const SocketAddress at =
      socket_address(*IpAddress::parse(v4 ? "0.0.0.0" : kDiscoveryGroup6), kDiscoveryPort, local.index);
  if (setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(fd->get(), at.get(), at.size) != 0)
    return fail(ErrorCode::kIo, fmt::format("listening on UDP port {} of {}: {}", kDiscoveryPort,
                                            local.interface, std::generic_category().message(errno)));
  const std::string_view group = v4 ? kDiscoveryGroup : kDiscoveryGroup6;
  if (auto joined = os::join_multicast(fd->get(), *IpAddress::parse(group), local.index); !joined)
    return fail(joined.error());
  return ProbeSocket(std::move(*fd), local);
}

Result<ProbeSocket> ProbeSocket::unbound(bool v4, const std::string& interface) {
  auto fd = open_socket(v4 ? AF_INET : AF_INET6);
  if (!fd) return fail(fd.error());
  if (!interface.empty())
    if (auto bound = os::bind_to_interface(fd->get(), interface); !bound) return fail(bound.error());
  return ProbeSocket(std::move(*fd), {});
}

Result<void> ProbeSocket::multicast(std::string_view message) {
  const std::string_view name = local_.address.is_v4() ? kDiscoveryGroup : kDiscoveryGroup6;
  const SocketAddress group = socket_address(*IpAddress::parse(name), kDiscoveryPort, local_.index);
  if (sendto(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL, group.get(), group.size) >= 0)
    return {};
  return fail(ErrorCode::kNetwork, fmt::format("sending a probe on {}: {}", local_.interface,
                                               std::generic_category().message(errno)));
}

void ProbeSocket::unicast(std::string_view message, const IpAddress& to) {
  const SocketAddress address = socket_address(to, kDiscoveryPort, local_.index);
  (void)sendto(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL, address.get(), address.size);
}

void ProbeSocket::receive(const std::function<void(std::string_view, const IpAddress& from)>& visit) {
  std::string buffer(kMaxDatagram, '\0');
  for (int i = 0; i < kMaxBatch; ++i) {
    SocketAddress from;
    const ssize_t count = recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, from.get(), &from.size);
    if (count < 0 && errno == EINTR) continue;
    // A port that is closed at the other end may be told here: it concerns one probe, not the socket.
    if (count < 0 && (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH)) continue;
    if (count < 0) return;
    visit(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)), ip_address(from));
  }
}

std::string Reassembly::take(std::string_view datagram, const IpAddress& from) {
  const auto known =
      std::find_if(parts_.begin(), parts_.end(), [&](const Part& part) { return part.from == from; });
  std::string whole(datagram);
  joined_ = false;
  if (known != parts_.end()) {
    // The end of the kept beginning, or a new message that makes it void.
    if (datagram.find("Envelope xmlns") == std::string_view::npos && !datagram.starts_with("<?xml")) {
      whole = known->text + whole;
      joined_ = true;
    }
    parts_.erase(known);
  }
  if (!is_partial(whole) || whole.size() > kMaxDatagram) return whole;
  if (parts_.size() >= kMaxSources) parts_.erase(parts_.begin());
  parts_.push_back({from, std::move(whole)});
  return {};
}

}  // namespace camctl::onvif::discovery
