// cameras.json: never crashes or throws; what it accepts can be written and read again unchanged, is still
// within the promises (ids, addresses), and shows no password.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "apps/common/app.h"
#include "apps/common/camera.h"
#include "base/url.h"

using namespace camctl::apps;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cameras = parse_cameras(text, "input");
  if (!cameras) {
    if (cameras.error().message.empty()) abort();
    return 0;
  }
  auto array = nlohmann::ordered_json::array(), kept = nlohmann::ordered_json::array();
  for (const Camera& camera : *cameras) {
    if (!is_camera_id(camera.id) || camera.hls_url.empty()) abort();
    const auto url = camctl::Url::parse(camera.rtsp_url);
    if (!camera.rtsp_url.empty() && (!url || !url->credentials.empty())) abort();
    array.push_back(to_json(camera));
    kept.push_back(to_json(camera, true));
  }
  const auto again = parse_cameras(dump(array), "output");
  if (!again || again->size() != cameras->size()) abort();
  const auto secrets = parse_cameras(dump(kept), "output");
  if (!secrets || secrets->size() != cameras->size()) abort();
  for (std::size_t i = 0; i < cameras->size(); ++i)
    if (dump(to_json((*again)[i])) != dump(array[i])) abort();
  const auto merged = merge_cameras(*cameras, *again, false);
  if (merged.size() < cameras->size()) abort();
  return 0;
}
