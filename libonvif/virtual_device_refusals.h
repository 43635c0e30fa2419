// What virtual devices with quirks do not take. Internal.
#pragma once

#include <optional>
#include <string_view>

#include "libonvif/virtual_device.h"

namespace camctl::onvif {

// The reply to a request whose form the device does not take (quirks 29 to 32, 34, 43, 54); nothing where it
// does.
std::optional<SoapReply> refuse_form(const VirtualDeviceConfig& config, const SoapRequest& request);

// The reply to an operation ("tds:GetServices") that it does not have, or not so (quirks 55, 62, 63, 69 to
// 71, 73, 76 and 83); nothing where it does.
std::optional<SoapReply> refuse_operation(const VirtualDeviceConfig& config, const SoapRequest& request,
                                          std::string_view operation);

}  // namespace camctl::onvif
