// Whether WS-Discovery can work on an interface, tried on this host itself.
#pragma once

#include <chrono>

#include "base/os/interfaces.h"
#include "base/result.h"

namespace camctl::onvif {

// Sends a probe to the group on the interface of `local` (IPv4 or IPv6 link-local) and waits until it is
// heard on port 3702 there, as it would be by a device. Nothing leaves this host. Blocks for `patience` at
// most. kIo where it can't be sent or listened for, kTimeout where it never comes.
Result<void> probe_ourselves(const os::InterfaceAddress& local,
                             std::chrono::milliseconds patience = std::chrono::milliseconds(500));

}  // namespace camctl::onvif
