// Finding the ONVIF port of a host that was given without one.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "libonvif/device.h"

namespace camctl::discover {

// `target` with the addresses that answer on the host's usual ports (quirk 25) and its MAC address, found by
// connecting to all of them at once. `host` is a name or an address. kNetwork where nothing there speaks
// ONVIF, kTimeout where that is not known within `timeout`.
Result<onvif::DeviceTarget> locate(const std::string& host, onvif::DeviceTarget target,
                                   std::chrono::milliseconds timeout, std::stop_token stop);

}  // namespace camctl::discover
