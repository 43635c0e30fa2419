#include "apps/discover/locate.h"

#include <fmt/format.h>
#include <netdb.h>

#include <memory>

#include "base/cidr.h"
#include "base/log.h"
#include "libonvif/discovery.h"

namespace camctl::discover {
namespace {

// The first address of a name, IPv4 preferred: that is what cameras have.
Result<std::string> resolve(const std::string& host) {
  if (IpAddress::parse(host)) return host;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
    const bool unknown = error == EAI_NONAME || error == EAI_NODATA;
    return fail(ErrorCode::kNetwork,
                fmt::format("looking up {}: {}", host,
                            unknown              ? "there is no such host"
                            : error == EAI_AGAIN ? "no name server answers"
                                                 : gai_strerror(error)),
                "check the name, or give the camera's IP address");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  const addrinfo* best = list;
  for (const addrinfo* entry = list; entry; entry = entry->ai_next)
    if (entry->ai_family == AF_INET && best->ai_family != AF_INET) best = entry;
  char text[NI_MAXHOST];
  if (getnameinfo(best->ai_addr, best->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
    return fail(ErrorCode::kNetwork, host + " has no address");
  return std::string(text);
}

}  // namespace

Result<onvif::DeviceTarget> locate(const std::string& host, onvif::DeviceTarget target,
                                   std::chrono::milliseconds timeout, std::stop_token stop) {
  const auto address = resolve(host);
  if (!address) return fail(address.error());
  const auto network = Cidr::parse(*address);
  if (!network)  // a link-local address with its zone: no network can hold it
    return fail(ErrorCode::kUsage, host + " needs a port", "give [ADDRESS%INTERFACE]:PORT");
  onvif::ScanOptions options;
  options.networks = {*network};
  options.ws_discovery = false;
  options.total_timeout = timeout;
  log::get().debug("{}: looking for ONVIF on the usual ports of {}", host, *address);
  std::string reason;
  const auto scanned = onvif::scan(options, stop, [&](const onvif::FoundDevice& found) {
    reason = found.reason;
    if (target.mac.empty()) target.mac = found.mac;
    if (found.services.contains("onvif"))
      target.xaddrs.insert(target.xaddrs.end(), found.xaddrs.begin(), found.xaddrs.end());
  });
  if (!scanned) return fail("looking for " + host, scanned.error());
  target.ip = *address;
  if (target.xaddrs.empty())
    return fail(ErrorCode::kNetwork,
                fmt::format("nothing at {} speaks ONVIF on a usual port{}", host,
                            reason.empty() ? "" : ": " + reason),
                "give HOST:PORT; ONVIF is off by default in many cameras");
  return target;
}

}  // namespace camctl::discover
