#include <algorithm>

#include "base/text.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/scanner.h"

namespace camctl::onvif::discovery {
namespace {

constexpr unsigned kMissedLooks = 2;  // one answer may be late (quirk 42), two in a row are not

}  // namespace

void Scanner::watch(Clock::time_point now) {
  forget_gone();
  if (next_look_ == Clock::time_point{}) next_look_ = now + options_.look_every;
  if (now < next_look_) return;
  if (look_open_)
    end_look();
  else
    begin_look(now);
  next_look_ = now + (look_open_ ? options_.look_every : options_.wait);
  look_open_ = !look_open_;
}

// Everybody is asked by multicast, for those whose Hello was lost, and who is known by a probe to itself
// alone.
void Scanner::begin_look(Clock::time_point now) {
  asked_.clear();
  for (auto& [address, host] : hosts_)
    for (Device& device : host.devices) {
      device.seen = false;
      device.answered = 0;
    }
  if (!options_.ws_discovery) return;
  probe_times_ = {now - start_};
  const std::string message = new_probe(ProbeKind::kTransmitter, false);
  for (auto& [address, host] : hosts_) {
    const bool near = std::any_of(host.devices.begin(), host.devices.end(), [](const Device& device) {
      return device.announced && device.emitted && !device.left_out && device.record.status != "wrong_subnet";
    });
    for (std::size_t i = 0; near && i < probing_; ++i)
      if (sockets_[i].local().interface == host.devices.front().record.interface &&
          sockets_[i].local().address.is_v4() == address.is_v4()) {
        sockets_[i].unicast(message, address);
        break;
      }
  }
}

void Scanner::end_look() {
  for (auto& [address, host] : hosts_)
    for (Device& device : host.devices)
      if (device.emitted && !device.left_out && !device.gone && !device.seen) look_again(address, device);
}

// Who has gone is forgotten, so that a watch of months holds no more than what is there; whoever comes back
// is found anew.
void Scanner::forget_gone() {
  std::erase_if(hosts_, [&](const auto& entry) {
    const Host& host = entry.second;
    const bool over = host.pending == 0 && !host.devices.empty() &&
                      std::all_of(host.devices.begin(), host.devices.end(),
                                  [](const Device& device) { return device.gone && !device.looking; });
    if (!over) return false;
    for (const Device& device : host.devices) {
      --devices_;
      held_ -= device.held;
      endpoints_.erase(text::lower(device.record.endpoint));
    }
    return true;
  });
}

// Not heard of: its service is asked once more.
void Scanner::look_again(const IpAddress& address, Device& device) {
  if (device.looking) return;
  device.looking = true;
  if (device.record.status == "wrong_subnet") return on_look(address, device, false);
  if (device.record.xaddrs.empty()) {
    const std::uint16_t port = device.record.rtsp_ports.empty() ? 554 : device.record.rtsp_ports.front();
    const bool started = connector_.start({.address = address,
                                           .interface_index = hosts_[address].zone,
                                           .port = port,
                                           .ask_rtsp = false,
                                           .done = [this, address, &device](const PortOutcome& outcome) {
                                             on_look(address, device, outcome.open);
                                           }});
    if (!started) device.looking = false;
    return;
  }
  http_.post(device.record.xaddrs.front(), [this, address, &device](const HttpOutcome& outcome) {
    if (outcome.answered) judge(device, outcome);
    on_look(address, device, outcome.answered);
  });
}

void Scanner::on_look(const IpAddress& address, Device& device, bool there) {
  device.looking = false;
  device.missed = there ? 0 : device.missed + 1;
  if (device.missed < kMissedLooks) return settle(address);
  device.gone = true;
  tell(device, "gone");
}

// An answer or a Hello of a device that is known.
void Scanner::on_return(const Announcement& announcement, const IpAddress& from, Device& device) {
  device.seen = true;
  device.missed = 0;
  const bool was_told_gone = device.emitted && device.gone;
  const bool anew = announcement.kind == Announcement::Kind::kHello && device.emitted && device.checked;
  if (device.left_out) return;
  if (!was_told_gone && !anew) return settle(from);
  // It started again, and may have another address, name or clock now.
  if (was_told_gone) device.emitted = device.gone = false;
  if (device.record.status == "wrong_subnet") return settle(from);
  device.checked = false;
  device.record.reason.clear();
  check_announced(from, device);
}

void Scanner::on_bye(const Announcement& announcement, const IpAddress& from) {
  const auto found = hosts_.find(from);
  if (!options_.watch || found == hosts_.end() || announcement.endpoint.empty()) return;
  for (Device& device : found->second.devices) {
    if (!device.emitted || device.left_out || device.gone ||
        !text::iequals(device.record.endpoint, announcement.endpoint))
      continue;
    device.gone = true;
    tell(device, "gone");
  }
}

void Scanner::tell(Device& device, const char* event) {
  device.told = device.record;
  FoundDevice record = device.record;
  if (options_.watch) record.event = event;
  found_(record);
}

void Scanner::tell_change(Device& device) {
  if (!options_.watch || device.left_out || device.gone || !device.checked) return;
  FoundDevice before = device.told;  // by which way it was heard of is no news of the device
  before.found_by = device.record.found_by;
  before.quirks = device.record.quirks;
  if (device.record == before) return;
  tell(device, "changed");
}

}  // namespace camctl::onvif::discovery
