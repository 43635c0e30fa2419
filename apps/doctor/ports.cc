#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "apps/doctor/checks.h"
#include "base/cidr.h"
#include "base/os/fd.h"
#include "base/os/port_owner.h"
#include "base/url.h"
#include "libonvif/discovery/socket_address.h"

namespace camctl::doctor {
namespace {

constexpr std::uint16_t kDiscovery = 3702;
constexpr std::string_view kServe = "camctl-serve";

// Whether a program could listen there now: 0, or why not.
int try_address(os::Transport transport, const IpAddress& address, std::uint16_t port) {
  const bool tcp = transport == os::Transport::kTcp;
  const auto at = onvif::discovery::socket_address(address, port);
  const os::Fd fd(socket(at.storage.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
  const int yes = 1;
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return errno;
  if (bind(fd.get(), at.get(), at.size) != 0) return errno;
  return !tcp || listen(fd.get(), 1) == 0 ? 0 : errno;
}

// "nginx (process 812)"
std::string holder(os::Transport transport, std::uint16_t port) {
  if (const auto owner = os::port_owner(transport, port))
    return fmt::format("{} (process {})", owner->program, owner->pid);
  // Ours lets only root see what it has open.
  if (const auto serve = os::process_named(kServe))
    return fmt::format("{} (as it seems, process {})", kServe, *serve);
  return "a program of another user";
}

Finding check_listen(const char* key, const std::string& text) {
  Finding finding{"port", text, Status::kOk, {}, {}};
  const auto url = Url::parse("tcp://" + text);
  const auto address = url ? IpAddress::parse(url->host) : Result<IpAddress>(fail(url.error()));
  if (!address || !url->port || !url->target.empty()) {
    finding.status = Status::kFailed;
    finding.message = fmt::format("{} is not ADDRESS:PORT", key);
    return finding;
  }
  const int error = try_address(os::Transport::kTcp, *address, *url->port);
  finding.message = fmt::format("free for serve's {}", key);
  if (error == 0) return finding;
  const std::string by = error == EADDRINUSE ? holder(os::Transport::kTcp, *url->port) : std::string();
  if (by.starts_with(kServe)) {
    finding.message = by + " listens there";
    return finding;
  }
  finding.status = Status::kFailed;
  finding.message = error == EADDRINUSE
                        ? fmt::format("serve can't listen there: {} does", by)
                        : "serve can't listen there: " + std::generic_category().message(error);
  if (error == EADDRINUSE)
    finding.hint = fmt::format("end that program, or give {} another port in the configuration", key);
  if (error == EACCES) finding.hint = "ports below 1024 need root or CAP_NET_BIND_SERVICE";
  if (error == EADDRNOTAVAIL) finding.hint = "no interface has this address: see ip addr";
  return finding;
}

Finding check_discovery() {
  Finding finding{"port", "3702/udp", Status::kOk, "WS-Discovery's port can be shared", {}};
  const int error = try_address(os::Transport::kUdp, *IpAddress::parse("0.0.0.0"), kDiscovery);
  if (error == 0) return finding;
  finding.status = Status::kWarning;
  finding.message = error == EADDRINUSE
                        ? holder(os::Transport::kUdp, kDiscovery) + " holds WS-Discovery's port for itself"
                        : "WS-Discovery's port: " + std::generic_category().message(error);
  finding.hint =
      "camctl scan works all the same; scan --watch hears no Hello, and simulate is not discovered";
  return finding;
}

}  // namespace

Findings check_ports(const apps::Settings& settings) {
  Findings found;
  found.push_back(check_listen("listen", settings.listen));
  if (!settings.rtsp_listen.empty()) found.push_back(check_listen("rtsp_listen", settings.rtsp_listen));
  found.push_back(check_discovery());
  return found;
}

}  // namespace camctl::doctor
