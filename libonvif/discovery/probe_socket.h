// The UDP sockets of WS-Discovery.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os/fd.h"
#include "base/os/interfaces.h"
#include "libonvif/discovery/message.h"

namespace camctl::onvif::discovery {

inline constexpr std::uint16_t kDiscoveryPort = 3702;
inline constexpr std::string_view kDiscoveryGroup = "239.255.255.250", kDiscoveryGroup6 = "ff02::c";

// Probes leave by one interface address and come from an ephemeral port, so that nobody else's port 3702 is
// in the way (quirk 16). The group is not joined: answers are unicast (quirk 15).
class ProbeSocket {
 public:
  static constexpr int kHops = 1;  // WS-Discovery 2005/04 §2.4: the group is link-local
  // For multicast on `local` (quirk 13), IPv4 or IPv6 link-local. With 0 hops nothing leaves this host. kIo.
  static Result<ProbeSocket> on(const os::InterfaceAddress& local, int hops = kHops);
  // Hears what devices tell the group on the interface of `local` by themselves, Hello and Bye, in the
  // address family of `local`. Shares port 3702 with whoever else listens (quirk 16). kIo.
  static Result<ProbeSocket> listener(const os::InterfaceAddress& local);
  // For unicast probes to anywhere (quirk 23) over IPv4 or IPv6, by `interface` only if it is not empty. kIo.
  static Result<ProbeSocket> unbound(bool v4, const std::string& interface);

  int fd() const { return fd_.get(); }
  const os::InterfaceAddress& local() const { return local_; }

  // Sends to the group. kNetwork with the system's reason.
  Result<void> multicast(std::string_view message);
  // Sends to one host, by the interface of local() where the address is IPv6 link-local. Losses are not told.
  void unicast(std::string_view message, const IpAddress& to);

  // Everything that waits to be read, at most kMaxBatch datagrams of it.
  void receive(const std::function<void(std::string_view, const IpAddress& from)>& visit);
  static constexpr int kMaxBatch = 256;  // then the others get their turn

 private:
  ProbeSocket(os::Fd fd, os::InterfaceAddress local) : fd_(std::move(fd)), local_(std::move(local)) {}

  os::Fd fd_;
  os::InterfaceAddress local_;
};

// Puts together answers that came in two datagrams (quirk 24).
class Reassembly {
 public:
  // The whole message that ends with this datagram; empty while its end is missing.
  std::string take(std::string_view datagram, const IpAddress& from);
  // Whether the last message that take() gave came in more than one datagram.
  bool joined() const { return joined_; }

  static constexpr std::size_t kMaxSources = 64;  // kept at a time; the oldest goes
 private:
  struct Part {
    IpAddress from;
    std::string text;
  };
  std::vector<Part> parts_;
  bool joined_ = false;
};

}  // namespace camctl::onvif::discovery
