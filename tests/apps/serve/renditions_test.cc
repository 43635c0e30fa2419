#include "apps/serve/renditions.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

CameraProfile profile(const std::string& url, const std::string& codec, unsigned width) {
  CameraProfile result;
  result.rtsp_url = url;
  result.video = VideoProfile{.codec = codec, .width = width, .height = width / 2};
  return result;
}

std::vector<std::string> planned(const std::vector<CameraProfile>& profiles) {
  Camera camera;
  camera.rtsp_url = "rtsp://10.0.0.1:554/main";
  camera.profiles = profiles;
  std::vector<std::string> result;
  for (const auto& plan : plan_renditions(camera)) result.push_back(plan.name + " " + plan.rtsp_url);
  return result;
}

using Names = std::vector<std::string>;

TEST_CASE("the other profiles of a camera are renditions, the largest first") {
  const auto main = profile("rtsp://10.0.0.1:554/main", "h265", 3840);
  CHECK(planned({main}).empty());
  CHECK(planned({main, profile("rtsp://10.0.0.1:554/low", "h264", 320),
                 profile("rtsp://10.0.0.1/mid", "h264", 640)}) ==
        Names{"sub rtsp://10.0.0.1/mid", "sub2 rtsp://10.0.0.1:554/low"});
}

TEST_CASE("profiles that are none: the same address, another host, another codec, no picture, too many") {
  const auto main = profile("rtsp://10.0.0.1:554/main", "h264", 1920);
  CameraProfile sound;
  sound.rtsp_url = "rtsp://10.0.0.1/sound";
  CHECK(planned({main, main, profile("rtsp://10.0.0.2/sub", "h264", 640),
                 profile("rtsp://10.0.0.1/jpeg", "jpeg", 640), profile("rtsps://10.0.0.1/sub", "h264", 640),
                 profile("", "h264", 640), sound})
            .empty());
  std::vector<CameraProfile> many;
  for (unsigned i = 1; i < 9; ++i)
    many.push_back(profile("rtsp://10.0.0.1/" + std::to_string(i), "h264", 64 * i));
  CHECK(planned(many).size() == kMaxRenditions);
}

}  // namespace
}  // namespace camctl::apps::serve
