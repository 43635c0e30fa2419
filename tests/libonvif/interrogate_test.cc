#include "libonvif/interrogate.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/libonvif/interrogate_bench.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

bool has(const std::vector<int>& quirks, int quirk) {
  return std::ranges::find(quirks, quirk) != quirks.end();
}

}  // namespace

TEST_CASE("an open camera tells everything") {
  Bench bench(camera());
  const auto device = bench.ask({});
  REQUIRE(device);
  CHECK(device->onvif_url == "http://127.0.0.2:8000/onvif/device_service");
  CHECK(device->name == "Front door");
  CHECK(device->manufacturer == "camctl");
  CHECK(device->serial == "SN1");
  CHECK(device->mac == "02:00:5e:00:00:01");
  CHECK(device->endpoint == "urn:uuid:00000000-0000-4000-8000-000000000001");
  CHECK(device->auth_scheme == "none");
  CHECK(device->media2);
  CHECK(device->warnings.empty());
  CHECK(std::chrono::abs(device->clock_offset) < 2s);
  REQUIRE(device->profiles.size() == 2);
  const Profile& main = device->profiles[0];
  CHECK(main.token == "main");
  CHECK(main.name == "PROFILE_1");
  CHECK(main.rtsp_url == "rtsp://127.0.0.2:5543/live/channel0");
  CHECK(main.rtsp_url_original.empty());
  CHECK(main.snapshot_url == "http://127.0.0.2:8000/snapshot.jpg?profile=main");
  CHECK(main.error.empty());
  REQUIRE(main.video);
  CHECK(main.video->codec == "h264");
  CHECK(main.video->width == 1920);
  CHECK(main.video->fps == doctest::Approx(25));
  CHECK(main.video->bitrate_kbps == 2048);
  CHECK(main.video->gop == 50);
  REQUIRE(main.audio);
  CHECK(main.audio->codec == "aac");
  CHECK(main.audio->sample_rate == 16000);
  CHECK(device->quirks.empty());
  CHECK(bench.logins == 0);
}

TEST_CASE("every way to authenticate") {
  struct Case {
    VirtualAuth auth;
    std::vector<DigestAlgorithm> digest;
    const char* scheme;
  };
  for (const Case& c :
       {Case{VirtualAuth::kWsse, {}, "wsse"},
        Case{VirtualAuth::kDigest, {DigestAlgorithm::kMd5}, "digest/md5"},
        Case{VirtualAuth::kDigest, {DigestAlgorithm::kSha256}, "digest/sha-256"},
        Case{VirtualAuth::kDigest, {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256}, "digest/sha-256"},
        Case{VirtualAuth::kBoth, {DigestAlgorithm::kMd5}, "digest/md5"}}) {
    CAPTURE(c.scheme);
    auto config = camera();
    config.auth = c.auth;
    config.digest = c.digest;
    Bench bench(config);
    const auto device = bench.ask();
    REQUIRE(device);
    CHECK(device->auth_scheme == c.scheme);
    CHECK(device->profiles.size() == 2);
    CHECK(device->warnings.empty());
  }
}

TEST_CASE("wrong credentials are tried at most a few times (quirk 57)") {
  for (const auto auth : {VirtualAuth::kWsse, VirtualAuth::kDigest, VirtualAuth::kBoth}) {
    auto config = camera();
    config.auth = auth;
    config.digest = {DigestAlgorithm::kMd5};
    Bench bench(config);
    const auto device = bench.ask({"admin", Secret{"wrong"}});
    REQUIRE_FALSE(device);
    CHECK(device.error().code == ErrorCode::kAuth);
    CHECK(device.error().message.find("refuses the credentials") != std::string::npos);
    CHECK(device.error().message.find("wrong") == std::string::npos);
    CHECK(bench.logins <= 2);
  }
}

TEST_CASE("no credentials where some are needed") {
  auto config = camera();
  config.auth = VirtualAuth::kWsse;
  Bench bench(config);
  const auto device = bench.ask({});
  REQUIRE_FALSE(device);
  CHECK(device.error().code == ErrorCode::kAuth);
  CHECK(device.error().message.find("asks for credentials") != std::string::npos);
  CHECK_FALSE(device.error().hint.empty());
  CHECK(bench.logins == 0);
}

TEST_CASE("tokens are dated by the device's clock (quirk 44)") {
  for (const auto skew : {std::chrono::seconds{-86'400 * 365}, std::chrono::seconds{3600}}) {
    auto config = camera();
    config.auth = VirtualAuth::kWsse;
    config.clock_skew = skew;
    Bench bench(config);
    const auto device = bench.ask();
    REQUIRE(device);
    CHECK(device->auth_scheme == "wsse");
    CHECK(std::chrono::abs(device->clock_offset - skew) < 3s);
    CHECK(has(device->quirks, 44));
  }
}

TEST_CASE("hosts that lead nowhere are replaced (quirks 12, 79)") {
  auto config = camera();
  config.nat = true;
  Bench bench(config);
  const auto device = bench.ask();
  REQUIRE(device);
  REQUIRE(device->profiles.size() == 2);
  CHECK(device->profiles[0].rtsp_url == "rtsp://127.0.0.2:5543/live/channel0");
  CHECK(device->profiles[0].rtsp_url_original == "rtsp://192.0.2.1:5543/live/channel0");
  CHECK(device->profiles[0].snapshot_url.starts_with("http://127.0.0.2:8000/"));
  CHECK(has(device->quirks, 12));
  CHECK(has(device->quirks, 79));
}

TEST_CASE("badly formed replies are read all the same") {
  std::vector<std::set<int>> sets;
  for (const int quirk : virtual_device_quirks()) sets.push_back({quirk});
  sets.push_back(virtual_device_quirks());
  for (const auto& quirks : sets) {
    std::string shown;
    for (const int quirk : quirks) shown += std::to_string(quirk) + " ";
    CAPTURE(shown);
    for (const auto auth : {VirtualAuth::kNone, VirtualAuth::kWsse, VirtualAuth::kDigest}) {
      auto config = camera();
      config.auth = auth;
      config.digest = {DigestAlgorithm::kMd5};
      config.quirks = quirks;
      Bench bench(config);
      const auto device = bench.ask();
      REQUIRE(device);
      REQUIRE(device->profiles.size() == 2);
      CHECK(device->profiles[0].rtsp_url == "rtsp://127.0.0.2:5543/live/channel0");
      CHECK(device->profiles[0].error.empty());
      REQUIRE(device->profiles[0].video);
      CHECK(device->profiles[0].video->width == 1920);
      CHECK(std::chrono::abs(device->clock_offset) < 2s);
    }
  }
}

TEST_CASE("the service is found below another path") {
  Bench bench(camera());
  DeviceTarget target;
  target.xaddrs = {"http://127.0.0.2:8000/wrong"};
  const auto device = interrogate_by(
      [&](const Url& url, const HttpRequest& request) { return bench.post(url, request); }, target, {});
  REQUIRE(device);
  CHECK(device->onvif_url == "http://127.0.0.2:8000/onvif/device_service");
}

TEST_CASE("nothing to ask and nobody there") {
  const auto dead = [](const Url&, const HttpRequest&) -> Result<HttpReply> {
    return fail(ErrorCode::kTimeout, "silence");
  };
  DeviceTarget target;
  CHECK(interrogate_by(dead, target, {}).error().code == ErrorCode::kUsage);
  target.xaddrs = {"ftp://x/"};
  CHECK(interrogate_by(dead, target, {}).error().code == ErrorCode::kProtocol);
  target.xaddrs = {"http://x/"};
  CHECK(interrogate_by(dead, target, {}).error().code == ErrorCode::kTimeout);
}
