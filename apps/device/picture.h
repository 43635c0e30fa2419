// A camera's own still picture, as `camctl snapshot` and serve fetch it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "apps/device/device.h"
#include "libonvif/device_session.h"

namespace camctl::device {

// The JPEG at the address that cameras.json has; kNotFound where it has none. Credentials of `how` do not
// count: the device's go to its own host, and to no other.
Result<std::string> known_picture(const Device& device, const onvif::InterrogateOptions& how,
                                  const std::stop_token& stop);
// The JPEG at the address that the camera tells, of one of these profiles.
Result<std::string> asked_picture(const Device& device, onvif::DeviceSession& session,
                                  const std::vector<std::string>& profiles,
                                  const onvif::InterrogateOptions& how, const std::stop_token& stop);

}  // namespace camctl::device
