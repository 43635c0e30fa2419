#include "apps/serve/devices/device_control.h"

#include <algorithm>
#include <utility>

namespace camctl::apps::serve {

bool same_access(const device::Device& a, const device::Device& b) {
  return a.request.target.ip == b.request.target.ip && a.request.target.xaddrs == b.request.target.xaddrs &&
         a.request.host == b.request.host && a.credentials == b.credentials && a.profiles == b.profiles &&
         a.tls_pin == b.tls_pin;
}

DeviceLinePtr DeviceControl::line(const device::Device& device) {
  DeviceLinePtr old;
  DeviceLinePtr line;
  {
    const std::lock_guard lock(mutex_);
    auto& known = lines_[device.id];
    if (known && same_access(known->access(), device)) return known;
    old = std::exchange(known, std::make_shared<DeviceLine>(device, pool_, refusals_));
    line = known;
    if (ended_) old = line;
  }
  if (old) old->end();
  return line;
}

void DeviceControl::end() {
  std::map<std::string, DeviceLinePtr> lines;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    lines.swap(lines_);
  }
  for (const auto& [id, line] : lines) line->end();
}

bool DeviceControl::stop(std::chrono::steady_clock::time_point deadline) {
  const auto left = [&] {
    const auto time = deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(time),
                    std::chrono::milliseconds(0));
  };
  const bool drained = pool_.drain(left());
  return pool_.stop(left()) && drained;
}

}  // namespace camctl::apps::serve
