// The order of calls (onvif-notes.md section G), apart from how they travel.
#pragma once

#include <stop_token>

#include "libonvif/device.h"
#include "libonvif/soap_client.h"

namespace camctl::onvif {

// What interrogate() does once it has a connection: tests give a VirtualDevice's handle instead.
Result<DeviceDescription> interrogate_by(SoapClient::Post post, const DeviceTarget& target,
                                         const InterrogateOptions& options, std::stop_token stop = {});

}  // namespace camctl::onvif
