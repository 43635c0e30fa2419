// Making a sound reply as badly formed as real devices' (onvif-notes.md A2).
#pragma once

#include <set>
#include <string>

#include "libonvif/virtual_device.h"

namespace camctl::onvif {

// The configuration as the services show it: with quirk 37 the model has a byte that is not UTF-8.
VirtualDeviceConfig with_bad_text(VirtualDeviceConfig config);

// Changes the reply as the quirks 26, 27, 28, 35, 36, 37, 38 and 78 say. A reply with a challenge keeps its
// 401.
void malform(SoapReply& reply, const std::set<int>& quirks);

}  // namespace camctl::onvif
