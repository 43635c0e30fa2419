// The order of calls (onvif-notes.md section G), apart from how they travel.
#pragma once

#include <stop_token>

#include "libonvif/device.h"
#include "libonvif/device_session.h"
#include "libonvif/soap_client.h"

namespace camctl::onvif {

// How a device that is asked so is spoken to by HTTP.
HttpOptions http_options(const InterrogateOptions& options, std::size_t max_reply_bytes);

// What interrogate() does once it has a connection: tests give a VirtualDevice's handle instead.
Result<DeviceDescription> interrogate_by(SoapClient::Post post, const DeviceTarget& target,
                                         const InterrogateOptions& options, std::stop_token stop = {});

// The same by a session that has found the device's services.
Result<DeviceDescription> interrogate_by(DeviceSession& session, const DeviceTarget& target);

}  // namespace camctl::onvif
