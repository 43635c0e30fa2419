#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/os/neighbours.h"
#include "base/url.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/scanner.h"

namespace camctl::onvif::discovery {
namespace {

using namespace std::chrono_literals;

constexpr auto kClockTolerance = 60s;  // less is repaired silently by every ONVIF client (quirk 44)

// Quirk 25: not where most devices have their service.
bool is_odd_service(std::string_view xaddr) {
  constexpr std::array<std::uint16_t, 4> kUsual = {80, 443, 8000, 8080};
  const auto url = Url::parse(xaddr);
  return url && (url->target != "/onvif/device_service" ||
                 std::find(kUsual.begin(), kUsual.end(), url->effective_port()) == kUsual.end());
}

std::string in_words(std::chrono::seconds skew) {
  const auto size = std::chrono::abs(skew);
  const auto days = size / 24h, hours = size % 24h / 1h, minutes = size % 1h / 1min,
             seconds = size % 1min / 1s;
  const std::string amount = days > 0    ? fmt::format("{} d {} h", days, hours)
                             : hours > 0 ? fmt::format("{} h {} min", hours, minutes)
                                         : fmt::format("{} min {} s", minutes, seconds);
  return fmt::format("its clock is {} {}", amount, skew > 0s ? "ahead" : "behind");
}

}  // namespace

void Scanner::judge(Device& device, const HttpOutcome& outcome) const {
  FoundDevice& record = device.record;
  record.status = "ready";
  record.reason.clear();
  switch (outcome.reply.verdict) {
    case Verdict::kOnvif:
      if (outcome.reply.utc) {
        const auto skew =
            std::chrono::round<std::chrono::seconds>(*outcome.reply.utc - std::chrono::system_clock::now());
        if (std::chrono::abs(skew) > kClockTolerance) {
          record.status = "clock_skew";
          record.quirks.insert(44);
          record.reason = in_words(skew);
        }
      }
      return;
    case Verdict::kOnvifFault:
      return;
    case Verdict::kOnvifAuth:
    case Verdict::kWebAuth:
      record.status = "auth_required";
      record.reason = "it asks for credentials before it tells the time";
      record.quirks.insert(45);
      return;
    case Verdict::kNone:
      record.status = "unreachable";
      record.reason = outcome.answered
                          ? fmt::format("its web server does not answer as ONVIF (HTTP {})", outcome.status)
                          : fmt::format("its service does not answer: {}", outcome.failure);
      return;
  }
}

const os::InterfaceAddress* Scanner::local_of(const IpAddress& address) const {
  const auto found = std::find_if(locals_.begin(), locals_.end(), [&](const os::InterfaceAddress& local) {
    return local.network.contains(address);
  });
  return found == locals_.end() ? nullptr : &*found;
}

// What the sweep found at a host and what the host announced is one device, where the host announced one; so
// are its http and https ports.
void Scanner::fold(Host& host) const {
  const auto announced = std::count_if(host.devices.begin(), host.devices.end(),
                                       [](const Device& device) { return device.announced; });
  const auto is_tls = [](const Device& device) {
    return !device.record.xaddrs.empty() && device.record.xaddrs.front().starts_with("https");
  };
  for (Device& device : host.devices) {
    if (device.announced || device.emitted) continue;
    for (Device& other : host.devices) {
      const bool same = other.announced ? announced == 1 : is_tls(device) && !is_tls(other) && !other.emitted;
      if (&other == &device || !same) continue;
      if (!other.emitted) merge(other.record, device.record);
      device.emitted = device.left_out = true;
      break;
    }
  }
}

void Scanner::settle(const IpAddress& address) {
  const auto found = hosts_.find(address);
  if (found == hosts_.end()) return;
  Host& host = found->second;
  if (host.pending > 0 && !stopping_) return;
  // What only the sweep knows, and what answered over IPv6, waits until the time for answers is over, to be
  // told once and whole.
  const bool answers_may_come = options_.ws_discovery && Clock::now() < window_end_ && !stopping_;
  if (!answers_may_come) fold(host);
  if (!answers_may_come && host.devices.empty() && !host.rtsp_ports.empty()) add_rtsp_only(address, host);
  for (Device& device : host.devices)
    if (device.emitted)
      tell_change(device);
    else if (device.checked && !more_kinds_may_come(device) &&
             ((device.announced && address.is_v4()) || !answers_may_come))
      emit(address, host, device);
  if (host.devices.empty() && host.rtsp_ports.empty() && host.pending == 0) hosts_.erase(found);
}

void Scanner::add_rtsp_only(const IpAddress& address, Host& host) {
  FoundDevice record;
  record.ip = address.to_string();
  record.found_by = {"sweep"};
  record.status = "onvif_off";
  record.reason = fmt::format(
      "it speaks RTSP on port {}, but no ONVIF service was found: switch ONVIF on in its settings, or use an "
      "rtsp:// address of it",
      host.rtsp_ports.front());
  if (const os::InterfaceAddress* local = local_of(address)) record.interface = local->interface;
  if (Device* device = add_device(host, std::move(record))) device->onvif = device->checked = true;
}

// Whether a device that answered some kinds of probe may still answer the others: then it is held, so that
// its record tells which it does not answer (quirks 1 to 3, 23).
bool Scanner::more_kinds_may_come(const Device& device) const {
  constexpr unsigned kAll = 7;
  const bool some = device.kinds != 0 || (device.unicast_kinds != 0 && probing_ > 0);
  return some && device.kinds != kAll && Clock::now() < kinds_end_ && !stopping_;
}

void Scanner::note_quirks(Device& device) const {
  const auto answers = [&](ProbeKind kind) {
    return (device.kinds >> static_cast<unsigned>(kind) & 1u) != 0;
  };
  const bool transmitter = answers(ProbeKind::kTransmitter), plain = answers(ProbeKind::kDevice),
             untyped = answers(ProbeKind::kUntyped);
  auto& quirks = device.record.quirks;
  if (transmitter && !plain && !untyped) quirks.insert(1);
  if (!transmitter && (plain || untyped)) quirks.insert(2);
  if ((transmitter || plain) && !untyped) quirks.insert(3);
  if (device.kinds == 0 && device.unicast_kinds != 0 && !device.record.interface.empty() && probing_ > 0)
    quirks.insert(23);
  if (!device.record.xaddrs.empty() && is_odd_service(device.record.xaddrs.front())) quirks.insert(25);
}

// The table of neighbours, read at most so often.
std::string Scanner::hardware_address(const IpAddress& address, unsigned zone) {
  constexpr auto kFresh = 200ms;
  if (zone == 0)
    if (const os::InterfaceAddress* local = local_of(address)) zone = local->index;
  if (zone == 0) return {};  // behind a router
  const auto known = neighbours_.find({address, zone});
  if (known == neighbours_.end() && Clock::now() > neighbours_read_ + kFresh) {
    neighbours_.clear();
    for (os::Neighbour& neighbour : os::neighbours())
      neighbours_[{neighbour.address, neighbour.interface_index}] = std::move(neighbour.hardware_address);
    neighbours_read_ = Clock::now();
  }
  const auto found = neighbours_.find({address, zone});
  return found == neighbours_.end() ? std::string() : found->second;
}

bool Scanner::answered_over_ipv4(const FoundDevice& six) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& entry) {
    return std::any_of(entry.second.devices.begin(), entry.second.devices.end(),
                       [&](const Device& other) { return same_over_ipv4(six, other.record); });
  });
}

void Scanner::emit(const IpAddress& address, Host& host, Device& device) {
  device.emitted = true;
  FoundDevice& record = device.record;
  if (device.announced) {
    device.left_out = !device.onvif;
    if (!address.is_v4() && answered_over_ipv4(record)) device.left_out = true;  // quirk 11
    if (device.left_out) return;  // also printers and computers (quirk 21)
    for (Device& other : host.devices)
      if (!other.announced && !other.emitted && same_device(record, other.record)) {
        merge(record, other.record);
        other.emitted = other.left_out = true;
      }
  }
  std::sort(host.rtsp_ports.begin(), host.rtsp_ports.end());
  record.rtsp_ports = host.rtsp_ports;
  record.rtsp_server = host.rtsp_server;
  record.quirks.insert(host.quirks.begin(), host.quirks.end());
  note_quirks(device);
  if (!record.rtsp_ports.empty()) record.services.insert("rtsp");
  const std::string seen = hardware_address(address, host.zone);
  if (!seen.empty()) record.mac = seen;
  record.vendor = vendors_.find(record.mac);
  ++progress_.found;
  tell(device, "found");
}

void Scanner::emit_rest() {
  std::vector<IpAddress> addresses;
  addresses.reserve(hosts_.size());
  for (const auto& [address, host] : hosts_) addresses.push_back(address);
  for (const IpAddress& address : addresses) settle(address);
}

}  // namespace camctl::onvif::discovery
