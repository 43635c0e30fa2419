// Which of the devices that answered a probe is a camera of ours at another address.
#pragma once

#include <vector>

#include "apps/common/camera.h"
#include "base/result.h"
#include "libonvif/discovery.h"

namespace camctl::apps::serve {

// The one device that says it is `lost` and is not where that was; `all` are the cameras that are known. By
// endpoint or MAC address, as `discover` merges (quirks 18, 19): what contradicts is no match, nor is what
// another entry is known to be, nor one of several. Null: there is none. What a device says here is no proof
// yet.
const onvif::FoundDevice* find_again(const Camera& lost, const std::vector<Camera>& all,
                                     const std::vector<onvif::FoundDevice>& found);

// `lost` with what the device, asked with credentials, told of its cameras: the channel that has its profile.
// kNotFound where none does, kAuth where serial number or MAC address show that it is another device.
Result<Camera> moved_entry(const Camera& lost, const std::vector<Camera>& told);

}  // namespace camctl::apps::serve
