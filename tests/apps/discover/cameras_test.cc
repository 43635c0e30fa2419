#include "apps/discover/cameras.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::discover;

namespace {

onvif::Profile profile(const char* token, const char* source, const char* url) {
  onvif::Profile p;
  p.token = token;
  p.name = std::string("name of ") + token;
  p.source_token = source;
  p.rtsp_url = url;
  if (!*url) p.error = "no URI";
  return p;
}

Answer answer(std::vector<onvif::Profile> profiles) {
  onvif::DeviceDescription device;
  device.onvif_url = "http://10.0.0.5:8000/onvif/device_service";
  device.name = "NVR";
  device.endpoint = "urn:uuid:1";
  device.serial = "S";
  device.auth_scheme = "wsse";
  device.clock_offset = std::chrono::hours{1};
  device.quirks = {12, 79};
  device.profiles = std::move(profiles);
  Answer result;
  result.credentials = {"u", Secret{"p"}};
  result.device = std::move(device);
  return result;
}

}  // namespace

TEST_CASE("a camera with its profiles") {
  auto main = profile("m", "v", "rtsp://10.0.0.5/m");
  main.video = onvif::VideoSettings{"h264", 1920, 1080, 25, 2048, 50};
  main.audio = onvif::AudioSettings{"aac", 16000, 0};
  main.rtsp_url_original = "rtsp://0.0.0.0/m";
  const auto cameras =
      cameras_of(answer({profile("broken", "v", ""), main, profile("s", "v", "rtsp://10.0.0.5/s")}), false);
  REQUIRE(cameras.size() == 1);
  const auto& camera = cameras[0];
  CHECK(camera.ip == "10.0.0.5");
  CHECK(camera.port == 8000);
  CHECK(camera.name == "NVR");
  CHECK(camera.rtsp_url == "rtsp://10.0.0.5/m");
  CHECK(camera.profile_name == "name of m");
  CHECK(camera.profiles.size() == 3);
  CHECK(camera.profiles[0].extra["error"] == "no URI");
  CHECK(camera.profiles[1].extra["rtsp_url_original"] == "rtsp://0.0.0.0/m");
  CHECK(camera.profiles[1].video->gop == 50);
  CHECK(camera.extra["auth"] == "wsse");
  CHECK(camera.extra["clock_offset_s"] == 3600);
  CHECK(camera.extra["quirks"] == nlohmann::json{12, 79});
  CHECK(camera.credentials.empty());
  CHECK(cameras_of(answer({main}), true).at(0).credentials.user == "u");
}

TEST_CASE("a recorder is a camera for each source (quirk 74)") {
  const auto cameras = cameras_of(
      answer({profile("1m", "1", "rtsp://h/1m"), profile("2m", "2", "rtsp://h/2m"),
              profile("1s", "1", "rtsp://h/1s"), profile("3", "3", ""), profile("x", "", "rtsp://h/x")}),
      false);
  REQUIRE(cameras.size() == 2);
  CHECK(cameras[0].name == "NVR 1");
  CHECK(cameras[0].profiles.size() == 3);
  CHECK(cameras[1].name == "NVR 2");
  CHECK(cameras[1].rtsp_url == "rtsp://h/2m");
}

TEST_CASE("no stream, no camera") {
  CHECK(cameras_of(answer({}), false).empty());
  CHECK(cameras_of(answer({profile("a", "", "")}), false).empty());
  CHECK(cameras_of(Answer{}, false).empty());
}
