#include "libonvif/discovery/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/url.h"
#include "libonvif/lenient.h"

namespace camctl::onvif::discovery {
namespace {

// "aa:bb:cc:dd:ee:ff" of twelve hexadecimal digits with or without separators; empty if it is none.
std::string normal_mac(std::string_view text) {
  std::string digits;
  for (char c : text::lower(text)) {
    if (c == ':' || c == '-' || c == '.') continue;
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return {};
    digits += c;
  }
  if (digits.size() != 12) return {};
  for (std::size_t i = 10; i > 0; i -= 2) digits.insert(i, ":");
  return digits;
}

// The longest value wins, and of equals the last (quirk 20: name/IPC beside name/IPC-BO).
void prefer(std::string& value, std::string_view candidate) {
  if (candidate.size() >= value.size()) value = candidate;
}

struct Candidate {
  std::string url;
  int rank;
};

// The host of a URL: a zone's percent sign is written %25 there (RFC 6874).
std::string url_host(std::string_view address) {
  std::string host(address);
  if (const std::size_t percent = host.find('%'); percent != std::string::npos)
    host.insert(percent + 1, "25");
  return host;
}

// Where `xaddr` really is, and how soon to try it; nothing for what is no web address.
std::optional<Candidate> place(std::string_view xaddr, const IpAddress& source,
                               const os::InterfaceAddress& local) {
  auto url = Url::parse(repair_xaddr(xaddr));
  if (!url || (url->scheme != "http" && url->scheme != "https")) return std::nullopt;
  const auto host = IpAddress::parse(std::string_view(url->host).substr(0, url->host.find('%')));
  const bool near = host && local.network.contains(*host) && !is_link_local(*host) &&
                    (!host->is_loopback() || source.is_loopback());
  int rank = 4;
  if (!near || *host == source) {
    // Another network's address, 0.0.0.0, 127.0.0.1, a name, or IPv6 without a zone: the device is where its
    // answer came from.
    rank = host && *host == source ? 0 : host && is_link_local(*host) ? 12 : 8;
    url->host = url_host(address_text(source, local));
  }
  if (url->scheme == "https") rank += 2;
  if (host && !host->is_v4()) rank += 1;
  if (url->target.empty()) url->target = "/";
  return Candidate{url->to_string(), rank};
}

// Quirks 10 to 12, which order_xaddrs() repairs.
std::set<int> xaddr_quirks(const std::vector<std::string>& xaddrs, const IpAddress& source,
                           const os::InterfaceAddress& local) {
  std::set<int> quirks;
  int first = -1, best = -1;
  for (const std::string& xaddr : xaddrs) {
    const auto candidate = place(xaddr, source, local);
    const auto url = Url::parse(repair_xaddr(xaddr));
    if (!candidate || !url) continue;
    if (first < 0) first = candidate->rank;
    best = best < 0 ? candidate->rank : std::min(best, candidate->rank);
    const auto host = IpAddress::parse(url->host);
    if (!host || *host == source) continue;
    if (!host->is_v4() && is_link_local(*host))
      quirks.insert(11);
    else if (!is_link_local(*host) && (!local.network.contains(*host) || host->is_loopback()))
      quirks.insert(12);
  }
  if (best < first) quirks.insert(10);
  return quirks;
}

void add_missing(std::vector<std::string>& known, const std::vector<std::string>& further, std::size_t most) {
  for (const std::string& item : further)
    if (known.size() < most && std::find(known.begin(), known.end(), item) == known.end())
      known.push_back(item);
}

}  // namespace

bool is_link_local(const IpAddress& address) {
  if (address.is_v4()) return address.bytes[12] == 169 && address.bytes[13] == 254;
  return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

std::string address_text(const IpAddress& address, const os::InterfaceAddress& local) {
  const bool zone = !address.is_v4() && is_link_local(address) && !local.interface.empty();
  return zone ? fmt::format("{}%{}", address.to_string(), local.interface) : address.to_string();
}

ScopeFacts read_scopes(const std::vector<std::string>& scopes) {
  ScopeFacts facts;
  for (const std::string& scope : scopes) {
    const std::size_t host = scope.find("://");
    const std::size_t slash = host == std::string::npos ? host : scope.find('/', host + 3);
    if (slash == std::string::npos) continue;
    const std::string_view path = std::string_view(scope).substr(slash + 1);
    const std::size_t end = path.find('/');
    if (end == std::string_view::npos) continue;
    const std::string key = text::lower(path.substr(0, end));
    const std::string value = clean_text(percent_decode(path.substr(end + 1)));
    if (value.empty()) continue;
    if (key == "name") prefer(facts.name, value);
    if (key == "hardware") prefer(facts.hardware, value);
    if (key == "location") prefer(facts.location, value);
    if (key == "mac" || key == "macaddr" || key == "macaddress" || key == "mac_address")
      prefer(facts.mac, normal_mac(value));
  }
  return facts;
}

std::string repair_xaddr(std::string_view text) {
  std::string url(text::trim(text));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t start = scheme + 3, end = std::min(url.find_first_of("/?#", start), url.size());
  const std::string host = url.substr(start, end - start);
  const std::size_t last = host.rfind(':');
  if (last == std::string::npos || last == 0 || host.find(']') != std::string::npos) return url;
  const std::size_t first = host.rfind(':', last - 1);
  if (first == std::string::npos || host.substr(first, last - first) != host.substr(last)) return url;
  return url.erase(start + last, host.size() - last);
}

std::vector<std::string> order_xaddrs(const std::vector<std::string>& xaddrs, const IpAddress& source,
                                      const os::InterfaceAddress& local) {
  const auto better = [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; };
  std::vector<Candidate> candidates;  // best first, else in the device's order
  for (const std::string& xaddr : xaddrs)
    if (auto candidate = place(xaddr, source, local))
      candidates.insert(std::upper_bound(candidates.begin(), candidates.end(), *candidate, better),
                        std::move(*candidate));
  std::vector<std::string> ordered;
  for (Candidate& candidate : candidates) add_missing(ordered, {std::move(candidate.url)}, kMaxXAddrs);
  return ordered;
}

std::optional<ServiceAddress> service_address(std::string_view xaddr) {
  const auto url = Url::parse(xaddr);
  if (!url) return std::nullopt;
  return ServiceAddress{url->host, url->effective_port()};
}

std::string service_url(std::string_view address, std::uint16_t port, bool tls, std::string_view path) {
  constexpr std::uint16_t kHttp = 80, kHttps = 443;
  const bool v6 = address.find(':') != std::string_view::npos;
  const std::string host = v6 ? fmt::format("[{}]", url_host(address)) : std::string(address);
  const std::string suffix = port == (tls ? kHttps : kHttp) ? "" : fmt::format(":{}", port);
  return fmt::format("{}://{}{}{}", tls ? "https" : "http", host, suffix, path);
}

FoundDevice describe(const Announcement& announcement, const IpAddress& source,
                     const os::InterfaceAddress& local) {
  FoundDevice device;
  device.ip = address_text(source, local);
  device.interface = local.interface;
  device.endpoint = announcement.endpoint;
  device.types = announcement.types;
  device.scopes = announcement.scopes;
  device.xaddrs = order_xaddrs(announcement.xaddrs, source, local);
  device.quirks = announcement.quirks;
  device.quirks.merge(xaddr_quirks(announcement.xaddrs, source, local));
  if (!device.xaddrs.empty())
    if (const auto address = service_address(device.xaddrs.front())) device.port = address->port;
  ScopeFacts facts = read_scopes(announcement.scopes);
  device.name = std::move(facts.name);
  device.hardware = std::move(facts.hardware);
  device.location = std::move(facts.location);
  device.mac = std::move(facts.mac);
  device.found_by.insert(announcement.kind == Announcement::Kind::kHello ? "hello" : "ws-discovery");
  device.services.insert("onvif");
  return device;
}

void refresh(FoundDevice& known, const FoundDevice& hello) {
  // Quirk 19: a UUID that is new with each start.
  if (!known.endpoint.empty() && !hello.endpoint.empty() && known.endpoint != hello.endpoint)
    known.quirks.insert(19);
  if (!hello.endpoint.empty()) known.endpoint = hello.endpoint;
  if (!hello.xaddrs.empty()) {
    known.xaddrs = hello.xaddrs;
    known.port = hello.port;
  }
  if (!hello.types.empty()) known.types = hello.types;
  if (!hello.scopes.empty()) {
    known.scopes = hello.scopes;
    known.name = hello.name;
    known.hardware = hello.hardware;
    known.location = hello.location;
  }
  known.found_by.insert(hello.found_by.begin(), hello.found_by.end());
  known.quirks.insert(hello.quirks.begin(), hello.quirks.end());
}

void merge(FoundDevice& known, const FoundDevice& further) {
  if (known.endpoint.empty()) known.endpoint = further.endpoint;
  if (known.port == 0) known.port = further.port;
  if (known.mac.empty()) known.mac = further.mac;
  if (known.interface.empty()) known.interface = further.interface;
  if (known.rtsp_server.empty()) known.rtsp_server = further.rtsp_server;
  known.quirks.insert(further.quirks.begin(), further.quirks.end());
  prefer(known.name, further.name.empty() ? known.name : further.name);
  prefer(known.hardware, further.hardware.empty() ? known.hardware : further.hardware);
  prefer(known.location, further.location.empty() ? known.location : further.location);
  add_missing(known.xaddrs, further.xaddrs, kMaxXAddrs);
  add_missing(known.types, further.types, kMaxTypes);
  add_missing(known.scopes, further.scopes, kMaxScopes);
  known.found_by.insert(further.found_by.begin(), further.found_by.end());
  known.services.insert(further.services.begin(), further.services.end());
  for (const std::uint16_t port : further.rtsp_ports)
    if (std::find(known.rtsp_ports.begin(), known.rtsp_ports.end(), port) == known.rtsp_ports.end())
      known.rtsp_ports.push_back(port);
}

std::size_t held_bytes(const FoundDevice& device) {
  std::size_t bytes = sizeof device + device.endpoint.size() + device.name.size() + device.hardware.size() +
                      device.location.size();
  for (const auto* list : {&device.xaddrs, &device.types, &device.scopes})
    for (const std::string& item : *list) bytes += sizeof item + item.size();
  return bytes;
}

bool same_device(const FoundDevice& a, const FoundDevice& b) {
  if (a.ip != b.ip) return false;
  if (!a.endpoint.empty() && text::iequals(a.endpoint, b.endpoint)) return true;
  return a.port != 0 && a.port == b.port;
}

bool same_over_ipv4(const FoundDevice& six, const FoundDevice& four) {
  const auto is_v6 = [](const FoundDevice& device) { return device.ip.find(':') != std::string::npos; };
  return is_v6(six) && !is_v6(four) && !six.endpoint.empty() && text::iequals(six.endpoint, four.endpoint) &&
         six.interface == four.interface;
}

}  // namespace camctl::onvif::discovery
