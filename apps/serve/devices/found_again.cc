#include "apps/serve/devices/found_again.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

bool same(const std::string& a, const std::string& b) { return !a.empty() && text::iequals(a, b); }
bool differ(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && !text::iequals(a, b);
}

bool is_at(const onvif::FoundDevice& device, const Camera& camera) {
  const auto url = Url::parse(camera.onvif_url);
  const auto port = url ? url->effective_port() : camera.port;
  return text::iequals(device.ip, camera.ip) && device.port == port;
}

bool claims_to_be(const onvif::FoundDevice& device, const Camera& camera) {
  if (differ(device.mac, camera.mac)) return false;
  return same(device.endpoint, camera.endpoint) || same(device.mac, camera.mac);
}

// The device is where another entry is, and does not say that it is something else. Entries of one recorder
// are together.
bool belongs_to_another(const onvif::FoundDevice& device, const Camera& lost,
                        const std::vector<Camera>& all) {
  return std::ranges::any_of(all, [&](const Camera& other) {
    return other.id != lost.id && other.onvif_url != lost.onvif_url && is_at(device, other) &&
           !differ(device.endpoint, other.endpoint);
  });
}

}  // namespace

const onvif::FoundDevice* find_again(const Camera& lost, const std::vector<Camera>& all,
                                     const std::vector<onvif::FoundDevice>& found) {
  const onvif::FoundDevice* match = nullptr;
  for (const auto& device : found) {
    if (device.xaddrs.empty() || !claims_to_be(device, lost)) continue;
    // It is where it was: whatever keeps its stream away is no new address.
    if (is_at(device, lost)) return nullptr;
    if (belongs_to_another(device, lost, all)) continue;
    if (match) return nullptr;
    match = &device;
  }
  return match;
}

Result<Camera> moved_entry(const Camera& lost, const std::vector<Camera>& told) {
  const auto has_profile = [&](const Camera& camera) {
    return !lost.profiles.empty() && std::ranges::any_of(camera.profiles, [&](const CameraProfile& profile) {
      return profile.token == lost.profiles.front().token;
    });
  };
  auto channel = std::ranges::find_if(told, has_profile);
  if (channel == told.end() && told.size() == 1) channel = told.begin();
  if (channel == told.end())
    return fail(ErrorCode::kNotFound,
                fmt::format("none of its {} streams is that of camera {}", told.size(), lost.id));
  auto merged = merge_cameras({lost}, {*channel}, /*prune=*/false);
  if (merged.size() != 1)
    return fail(
        ErrorCode::kAuth,
        fmt::format("it is another device than camera {}: its serial number is {}, its MAC address {}",
                    lost.id, channel->serial.empty() ? "unknown" : channel->serial,
                    channel->mac.empty() ? "unknown" : channel->mac));
  return std::move(merged.front());
}

}  // namespace camctl::apps::serve
