#include "apps/serve/renditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

bool can_be_carried(const CameraProfile& profile) {
  return profile.video && (profile.video->codec == "h264" || profile.video->codec == "h265");
}

std::uint64_t pixels(const CameraProfile* profile) {
  return std::uint64_t{profile->video->width} * profile->video->height;
}

}  // namespace

std::vector<RenditionPlan> plan_renditions(const Camera& camera) {
  const auto main = Url::parse(camera.rtsp_url);
  if (!main) return {};
  std::set<std::string> taken{camera.rtsp_url};
  std::vector<const CameraProfile*> chosen;
  for (const auto& profile : camera.profiles) {
    const auto url = Url::parse(profile.rtsp_url);
    if (!url || url->scheme != main->scheme || !text::iequals(url->host, main->host)) continue;
    if (can_be_carried(profile) && taken.insert(profile.rtsp_url).second) chosen.push_back(&profile);
  }
  std::ranges::sort(chosen, [](const CameraProfile* a, const CameraProfile* b) {
    return pixels(a) != pixels(b) ? pixels(a) > pixels(b) : a < b;  // of one size as the camera lists them
  });
  if (chosen.size() > kMaxRenditions) chosen.resize(kMaxRenditions);
  std::vector<RenditionPlan> plans;
  plans.reserve(chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i)
    plans.push_back(
        {i == 0 ? "sub" : fmt::format("sub{}", i + 1), chosen[i]->rtsp_url, chosen[i]->video->codec});
  return plans;
}

}  // namespace camctl::apps::serve
