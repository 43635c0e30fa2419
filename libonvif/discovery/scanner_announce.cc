#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/scanner.h"

namespace camctl::onvif::discovery {
namespace {

// Where a device that answered is asked for RTSP, when no sweep of its ports was wanted.
constexpr std::array<std::uint16_t, 3> kRtspPorts = {554, 5543, 8554};

}  // namespace

void Scanner::on_datagram(ProbeSocket& socket, std::string_view datagram, const IpAddress& from) {
  const bool asked = unicast_ && &socket == &sockets_[*unicast_];
  if (asked && !plan_.contains(from)) return;  // not from anybody that we asked
  os::InterfaceAddress local = socket.local();
  if (asked)
    if (const os::InterfaceAddress* near = local_of(from)) local = *near;
  for (const Announcement& announcement : parse_announcements(datagram))
    on_announcement(announcement, from, local);
}

void Scanner::on_announcement(const Announcement& announcement, const IpAddress& from,
                              const os::InterfaceAddress& local) {
  if (announcement.kind == Announcement::Kind::kBye) return on_bye(announcement, from);
  const bool near = local.network.contains(from) || plan_.contains(from);
  if (announcement.kind == Announcement::Kind::kFault) {
    // Quirk 6: it understands SOAP but not the probe. Its ports tell what it is.
    if (near && !hosts_[from].swept) begin_sweep(from, true);
    return;
  }
  FoundDevice record = describe(announcement, from, local);
  Host& host = hosts_[from];
  if (!from.is_v4() && is_link_local(from)) host.zone = local.index;
  for (Device& known : host.devices) {
    if (!same_device(known.record, record)) continue;
    merge(known.record, record);
    known.announced = true;
    known.onvif = known.onvif || announcement.onvif;
    return on_return(announcement, from, known);
  }
  if (devices_ >= kMaxDevices) return;
  ++devices_;
  Device& device = host.devices.emplace_back();
  device.record = std::move(record);
  device.announced = true;
  device.onvif = announcement.onvif;
  if (!near) {
    device.checked = true;
    device.record.status = "wrong_subnet";
    device.record.reason =
        fmt::format("{} is not in {}, the network of {}; give {} an address in the device's network",
                    from.to_string(), local.network.to_string(), local.interface, local.interface);
    return settle(from);
  }
  check_announced(from, device);
}

void Scanner::check_announced(const IpAddress& address, Device& device) {
  Host& host = hosts_[address];
  device.to_try.clear();
  for (const std::string& url : device.record.xaddrs) device.to_try.push_back(url);
  if (device.record.port == 0) device.record.port = 80;
  const std::string usual = service_url(device.record.ip, device.record.port, false, "/onvif/device_service");
  if (std::find(device.to_try.begin(), device.to_try.end(), usual) == device.to_try.end())
    device.to_try.push_back(usual);
  ++host.pending;
  if (plan_.contains(address) && !host.swept) {
    swept_early_.insert(address);
    begin_sweep(address, true);
  } else if (!host.swept && host.devices.size() == 1) {
    for (const std::uint16_t port : kRtspPorts) check_port({address, port, false}, true);
  }
  const std::string url = device.to_try.front();
  device.to_try.pop_front();
  http_.post(url, [this, address, &device, url](const HttpOutcome& outcome) {
    on_announced_reply(address, device, url, outcome);
  });
}

void Scanner::on_announced_reply(const IpAddress& address, Device& device, const std::string& url,
                                 const HttpOutcome& outcome) {
  const bool proved = outcome.reply.verdict != Verdict::kNone;
  if (!proved && !outcome.redirect.empty() && device.to_try.size() < kMaxXAddrs && url != outcome.redirect)
    device.to_try.push_front(outcome.redirect);
  if (!proved && !device.to_try.empty()) {
    // Remembered in case that no other address does better.
    if (device.record.reason.empty() || outcome.answered) judge(device, outcome);
    const std::string next = device.to_try.front();
    device.to_try.pop_front();
    http_.post(next, [this, address, &device, next](const HttpOutcome& further) {
      on_announced_reply(address, device, next, further);
    });
    return;
  }
  if (proved) {
    auto& xaddrs = device.record.xaddrs;
    std::erase(xaddrs, url);
    xaddrs.insert(xaddrs.begin(), url);
    if (const auto service = service_address(url)) device.record.port = service->port;
    device.onvif = device.onvif || outcome.reply.verdict != Verdict::kWebAuth;
  }
  if (proved || device.record.reason.empty() || outcome.answered) judge(device, outcome);
  device.checked = true;
  --hosts_[address].pending;
  settle(address);
}

}  // namespace camctl::onvif::discovery
