#include "apps/serve/devices/onvif_device.h"

#include <fmt/format.h>

#include "apps/serve/camera_manager.h"
#include "base/url.h"

namespace camctl::apps::serve {

Result<device::Device> onvif_device(const Camera& camera, const std::vector<CredentialEntry>& entries,
                                    const Credentials& general) {
  const auto url = Url::parse(camera.onvif_url);
  if (!url)
    return fail(ErrorCode::kUnsupported, fmt::format("camera {} has no ONVIF address", camera.id),
                "camctl discover finds it");
  auto asked = camera;
  if (asked.ip.empty()) asked.ip = url->host;
  auto at = *url;
  at.host = asked.ip;  // as libonvif does
  asked.rtsp_url = at.to_string();
  return device::device_of(asked, credentials_for(asked, entries, general));
}

}  // namespace camctl::apps::serve
