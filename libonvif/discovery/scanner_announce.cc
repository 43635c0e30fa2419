#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/text.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/scanner.h"

namespace camctl::onvif::discovery {
namespace {

// Where a device that answered is asked for RTSP, when no sweep of its ports was wanted.
constexpr std::array<std::uint16_t, 3> kRtspPorts = {554, 5543, 8554};

}  // namespace

void Scanner::on_datagram(ProbeSocket& socket, std::string_view datagram, bool joined,
                          const IpAddress& from) {
  const bool unbound = socket.local().interface.empty();
  if (unbound && !plan_.contains(from)) return;  // not from anybody that we asked
  os::InterfaceAddress local = socket.local();
  if (unbound)
    if (const os::InterfaceAddress* near = local_of(from)) local = *near;
  for (Announcement& announcement : parse_announcements(datagram)) {
    if (joined) announcement.quirks.insert(24);
    on_announcement(announcement, from, local);
  }
}

// Which of our probes it answers, and quirks 8 and 17.
void Scanner::note_answer(const Announcement& announcement, Device& device) const {
  if (announcement.kind != Announcement::Kind::kMatch || announcement.relates_to.empty()) return;
  const auto found = asked_.find(announcement.relates_to);
  if (found == asked_.end()) {
    device.record.quirks.insert(8);
    return;
  }
  const auto& [kind, multicast, number] = found->second;
  (multicast ? device.kinds : device.unicast_kinds) |= 1u << static_cast<unsigned>(kind);
  if (number >= 64) return;  // so many have a bit
  const std::uint64_t bit = std::uint64_t{1} << number;
  if ((device.answered & bit) != 0) device.record.quirks.insert(17);
  device.answered |= bit;
}

// Quirk 18: the same endpoint behind another address, which is another device. Over IPv6 it may be the same.
void Scanner::note_shared_endpoint(const IpAddress& address, Device& device) {
  if (device.record.endpoint.empty()) return;
  const auto [first, is_new] = endpoints_.emplace(text::lower(device.record.endpoint), address);
  if (is_new || first->second == address || first->second.is_v4() != address.is_v4()) return;
  const auto other = hosts_.find(first->second);
  if (other == hosts_.end()) {
    first->second = address;
    return;
  }
  device.record.quirks.insert(18);
  for (Device& same : other->second.devices)
    if (text::iequals(same.record.endpoint, device.record.endpoint)) same.record.quirks.insert(18);
}

// Nothing where there is no room for more.
Scanner::Device* Scanner::add_device(Host& host, FoundDevice record) {
  const std::size_t size = held_bytes(record);
  if (devices_ >= kMaxDevices || host.devices.size() >= kMaxDevicesAtHost || held_ + size > kMaxHeldBytes) {
    log::get().debug("there is no room for one more device at {}", record.ip);
    return nullptr;
  }
  ++devices_;
  held_ += size;
  Device& device = host.devices.emplace_back();
  device.record = std::move(record);
  device.held = size;
  return &device;
}

void Scanner::on_announcement(const Announcement& announcement, const IpAddress& from,
                              const os::InterfaceAddress& local) {
  if (announcement.kind == Announcement::Kind::kBye) return on_bye(announcement, from);
  const bool near = local.network.contains(from) || plan_.contains(from);
  if (announcement.kind == Announcement::Kind::kFault) {
    // Quirk 6: it understands SOAP but not the probe. Its ports tell what it is.
    if (!near) return;
    if (!hosts_[from].swept) begin_sweep(from);
    hosts_[from].quirks.insert(6);
    return;
  }
  FoundDevice record = describe(announcement, from, local);
  Host& host = hosts_[from];
  if (!from.is_v4() && is_link_local(from)) host.zone = local.index;
  for (Device& known : host.devices) {
    if (!same_device(known.record, record)) continue;
    note_answer(announcement, known);
    if (announcement.kind == Announcement::Kind::kHello || known.gone)
      refresh(known.record, record);
    else
      merge(known.record, record);
    known.announced = true;
    known.onvif = known.onvif || announcement.onvif;
    return on_return(announcement, from, known);
  }
  Device* const added = add_device(host, std::move(record));
  if (added == nullptr) return;
  Device& device = *added;
  device.announced = true;
  device.onvif = announcement.onvif;
  note_answer(announcement, device);
  note_shared_endpoint(from, device);
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
    begin_sweep(address);
  } else if (!host.swept && host.devices.size() == 1) {
    for (const std::uint16_t port : kRtspPorts) {
      ++host.pending;
      queue_.push_front({.address = address, .port = port});
    }
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
  if (!proved && !outcome.redirect.empty() && device.to_try.size() < kMaxXAddrs && url != outcome.redirect) {
    device.record.quirks.insert(41);
    device.to_try.push_front(outcome.redirect);
  }
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
    if (!device.onvif && outcome.reply.verdict != Verdict::kWebAuth) device.record.quirks.insert(21);
    device.onvif = device.onvif || outcome.reply.verdict != Verdict::kWebAuth;
  }
  if (proved || device.record.reason.empty() || outcome.answered) judge(device, outcome);
  device.checked = true;
  port_done(address, hosts_[address]);
}

}  // namespace camctl::onvif::discovery
