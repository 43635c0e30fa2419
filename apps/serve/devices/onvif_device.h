// A camera of cameras.json as serve may ask it by ONVIF.
#pragma once

#include <vector>

#include "apps/common/camera.h"
#include "apps/common/config.h"
#include "apps/device/device.h"

namespace camctl::apps::serve {

// Where the camera's ONVIF service is, and the credentials that go there: as credentials_for() has them, for
// the host that is asked. kUnsupported where the entry has no onvif_url: a page's request starts no search.
Result<device::Device> onvif_device(const Camera& camera, const std::vector<CredentialEntry>& entries,
                                    const Credentials& general);

}  // namespace camctl::apps::serve
