#include <algorithm>
#include <array>

#include "base/url.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/scanner.h"

namespace camctl::onvif::discovery {
namespace {

constexpr std::array<std::uint16_t, 4> kRtspPorts = {554, 5543, 8554, 10554};
constexpr std::array<std::uint16_t, 2> kTlsPorts = {443, 8443};
// Quirk 25; the second is Axis's.
constexpr std::array<std::string_view, 4> kPaths = {"/onvif/device_service", "/onvif/services",
                                                    "/onvif/devices", "/"};

template <class Ports>
bool is_one_of(std::uint16_t port, const Ports& ports) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

}  // namespace

struct Scanner::PathCheck {
  PortTask task;
  bool tls;
  std::size_t path = 0;
  std::string redirected;    // asked next instead of a path
  bool followed = false;     // one redirect a port (quirk 41)
  std::size_t web_auth = 0;  // paths that asked for credentials with no word of SOAP
  std::string url;
  HttpOutcome first;
};

void Scanner::on_port(const PortTask& task, bool asked_rtsp, const PortOutcome& outcome) {
  Host& host = hosts_[task.address];
  if (task.sweep && !task.again) ++progress_.probed;
  host.heard = host.heard || outcome.heard;
  if (outcome.heard) patience_[plan_.network_of(task.address)].add(outcome.round_trip);
  if (!outcome.heard && !task.again) host.silent.push_back(task.port);
  if (outcome.rtsp && !is_one_of(task.port, host.rtsp_ports)) host.rtsp_ports.push_back(task.port);
  if (host.rtsp_server.empty()) host.rtsp_server = outcome.server;
  if (outcome.open && !outcome.rtsp && host.swept) {
    // Stays pending until its paths are asked. After RTSP was tried in vain it may still be a web server.
    const auto check = std::make_shared<PathCheck>();
    check->task = task;
    check->tls = is_one_of(task.port, kTlsPorts);
    if (asked_rtsp && !is_one_of(task.port, kRtspPorts)) return port_done(task.address, host);
    return next_path(check);
  }
  port_done(task.address, host);
}

void Scanner::next_path(const std::shared_ptr<PathCheck>& check) {
  if (check->redirected.empty()) {
    check->url =
        service_url(check->task.address.to_string(), check->task.port, check->tls, kPaths[check->path++]);
  } else {
    check->url = std::exchange(check->redirected, {});
  }
  http_.post(check->url, [this, check](const HttpOutcome& outcome) { on_path_reply(check, outcome); });
}

void Scanner::on_path_reply(const std::shared_ptr<PathCheck>& check, const HttpOutcome& outcome) {
  const IpAddress& address = check->task.address;
  const Verdict verdict = outcome.reply.verdict;
  if (verdict == Verdict::kWebAuth && check->web_auth++ == 0) check->first = outcome;
  if (verdict == Verdict::kNone && !outcome.redirect.empty() && !check->followed) {
    check->followed = true;
    hosts_[address].quirks.insert(41);
    check->redirected = outcome.redirect;
    return next_path(check);
  }
  const bool onvif = verdict != Verdict::kNone && verdict != Verdict::kWebAuth;
  if (onvif) add_swept(address, check->url, outcome);
  if (!onvif && outcome.answered && check->path < kPaths.size()) return next_path(check);
  // A service whose own path asks for credentials, while other paths are simply not there (quirk 28).
  if (!onvif && check->web_auth > 0 && check->web_auth < kPaths.size())
    add_swept(address, service_url(address.to_string(), check->task.port, check->tls, kPaths[0]),
              check->first);
  if (!onvif && !outcome.answered && outcome.connected && !is_one_of(check->task.port, kRtspPorts)) {
    // Open, but no web server: RTSP on an unusual port. What is pending goes on to that check.
    PortTask task = check->task;
    task.sweep = false;
    task.again = true;
    if (check_port(task, true)) return;
  }
  port_done(address, hosts_[address]);
}

void Scanner::add_swept(const IpAddress& address, const std::string& url, const HttpOutcome& outcome) {
  Host& host = hosts_[address];
  const auto service = service_address(url);
  if (!service) return;
  FoundDevice record;
  record.ip = address.to_string();
  record.port = service->port;
  record.xaddrs = {url};
  record.found_by = {"sweep"};
  record.services = {"onvif"};
  if (const os::InterfaceAddress* local = local_of(address)) record.interface = local->interface;
  for (Device& known : host.devices) {
    if (!same_device(known.record, record)) continue;
    merge(known.record, record);
    return;
  }
  Device* device = add_device(host, std::move(record));
  if (device == nullptr) return;
  device->onvif = true;
  device->checked = true;
  judge(*device, outcome);
}

}  // namespace camctl::onvif::discovery
