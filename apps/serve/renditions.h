// Which of a camera's profiles are served beside its main stream, as variants of one multivariant playlist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/common/camera.h"

namespace camctl::apps::serve {

inline constexpr std::string_view kMainRendition = "main";

// Beside the main one. Cameras have two to four profiles; each is one more session at the camera.
inline constexpr std::size_t kMaxRenditions = 3;

struct RenditionPlan {
  std::string name;  // "sub", "sub2", …: its folder in addresses
  std::string rtsp_url;
  std::string codec;  // "h264" or "h265", as the camera says
};

// Profiles with a picture that HLS can carry and with an address of their own at the main stream's host (the
// credentials are for that host), the largest picture first.
std::vector<RenditionPlan> plan_renditions(const Camera& camera);

}  // namespace camctl::apps::serve
