// How a virtual device names itself: its scopes, its addresses and its clock.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "libonvif/virtual_device.h"

namespace camctl::onvif {

// The device's scopes (ONVIF Core §7.3.3), percent-encoded.
std::vector<std::string> virtual_scopes(const VirtualDeviceConfig& config);

// "http://HOST:PORT" + path, the host a wrong one where the device has `nat` (quirk 12).
std::string virtual_http_url(const VirtualDeviceConfig& config, std::string_view path);
// A service's address as the device tells it (quirks 66, 67).
std::string virtual_service_url(const VirtualDeviceConfig& config, std::string_view path);
// The path of its device service (quirk 25).
std::string_view virtual_device_path(const VirtualDeviceConfig& config);
// The addresses of its device service as WS-Discovery tells them (quirks 10, 11).
std::string virtual_xaddrs(const VirtualDeviceConfig& config);
// The RTSP address of a profile as the device tells it (quirks 77, 79 and 81; 79 where it has `nat`, too).
std::string virtual_rtsp_url(const VirtualDeviceConfig& config, const VirtualProfile& profile);
// Where a profile's snapshot is fetched, as the device tells it (quirks 79, 82).
std::string virtual_snapshot_url(const VirtualDeviceConfig& config, const VirtualProfile& profile);

// The port of its snapshots (quirk 82).
std::uint16_t virtual_snapshot_port(const VirtualDeviceConfig& config);

// The time on the device's clock.
std::chrono::system_clock::time_point virtual_now(const VirtualDeviceConfig& config);

}  // namespace camctl::onvif
