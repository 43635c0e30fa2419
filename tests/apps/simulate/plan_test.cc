#include "apps/simulate/plan.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "libonvif/virtual_device_quirks.h"

using namespace camctl;
using namespace camctl::simulate;

namespace {

std::vector<CameraPlan> planned(const Options& options) {
  auto plans = plan_cameras(options, {"admin", Secret("admin")});
  REQUIRE(plans);
  return std::move(*plans);
}

}  // namespace

TEST_CASE("plan: one camera has the name as given, several have numbers") {
  Options options;
  auto plans = planned(options);
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].device.name == "Camera");
  CHECK(plans[0].device.address == "127.0.0.2");
  CHECK(plans[0].pictures[0].name == "Camera");
  options.count = 3;
  plans = planned(options);
  REQUIRE(plans.size() == 3);
  CHECK(plans[2].device.name == "Camera 3");
  CHECK(plans[2].device.address == "127.0.0.4");
  CHECK(plans[2].pictures[1].name == "Camera 3");
}

TEST_CASE("plan: addresses carry over, and end with their space") {
  struct Case {
    const char* first;
    unsigned count;
    const char* last;
  };
  for (const auto& c : {Case{"127.0.0.254", 4, "127.0.1.1"}, Case{"10.0.255.255", 2, "10.1.0.0"},
                        Case{"fd00::ffff", 2, "fd00::1:0"}, Case{"255.255.255.254", 2, "255.255.255.255"}}) {
    CAPTURE(c.first);
    Options options;
    options.address = c.first;
    options.count = c.count;
    CHECK(planned(options).back().device.address == c.last);
  }
  Options options;
  options.count = 3;
  for (const char* bad : {"255.255.255.254", "0.0.0.0", "::", "here", ""}) {
    CAPTURE(bad);
    options.address = bad;
    const auto plans = plan_cameras(options, {});
    REQUIRE_FALSE(plans);
    CHECK(plans.error().code == ErrorCode::kUsage);
  }
}

TEST_CASE("plan: schemes and algorithms go to the cameras in turn") {
  Options options;
  options.count = 5;
  CHECK(planned(options)[4].device.auth == onvif::VirtualAuth::kNone);
  options.auth = {onvif::VirtualAuth::kWsse, onvif::VirtualAuth::kDigest};
  options.digest = {{DigestAlgorithm::kMd5}, {DigestAlgorithm::kSha256}, {}};
  const auto plans = planned(options);
  CHECK(plans[0].device.auth == onvif::VirtualAuth::kWsse);
  CHECK(plans[3].device.auth == onvif::VirtualAuth::kDigest);
  CHECK(plans[4].device.digest == std::vector{DigestAlgorithm::kSha256});
}

TEST_CASE("plan: identities differ between cameras, and are the same after a restart") {
  Options options;
  options.count = 200;
  const auto plans = planned(options), again = planned(options);
  std::set<std::string> endpoints, serials, macs;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto& device = plans[i].device;
    endpoints.insert(device.endpoint);
    serials.insert(device.serial);
    macs.insert(device.mac);
    CHECK(device.endpoint == again[i].device.endpoint);
    CHECK(device.endpoint.size() == std::string("urn:uuid:01234567-0123-0123-0123-0123456789ab").size());
    CHECK(device.endpoint[23] == '8');  // the version of a UUID of one's own making
    CHECK(device.mac.starts_with("02:"));
  }
  CHECK(endpoints.size() == plans.size());
  CHECK(serials.size() == plans.size());
  CHECK(macs.size() == plans.size());
  options.onvif_port = 8001;
  CHECK_FALSE(endpoints.contains(planned(options)[0].device.endpoint));
}

TEST_CASE("plan: many cameras share pictures") {
  Options options;
  options.count = 100;
  std::set<std::string> names;
  for (const auto& plan : planned(options)) names.insert(plan.pictures[0].name);
  CHECK(names.size() == kNamedPictures);
}

TEST_CASE("plan: profiles and pictures agree") {
  Options options;
  options.video = media::Codec::kH265;
  options.audio = media::Codec::kPcma;
  const auto plan = planned(options).front();
  REQUIRE(plan.device.profiles.size() == plan.pictures.size());
  for (std::size_t i = 0; i < plan.pictures.size(); ++i) {
    const auto& profile = plan.device.profiles[i];
    const auto& picture = plan.pictures[i];
    CHECK(profile.video == picture.video);
    CHECK(profile.audio == picture.audio);
    CHECK(profile.width == picture.width);
    CHECK(profile.gop == picture.gop);
    CHECK(profile.bitrate_kbps == picture.bitrate_kbps);
  }
  CHECK(plan.device.profiles[0].rtsp_path == "/live/channel0");
  CHECK(plan.device.profiles[1].rtsp_path == "/live/channel1");
}

TEST_CASE("plan: which interface hears WS-Discovery") {
  const auto loopback = discovery_interface("127.0.0.2", {});
  REQUIRE(loopback);
  CHECK(*loopback > 0);
  CHECK(discovery_interface("127.77.1.1", {}) == *loopback);  // of its network
  CHECK(discovery_interface("10.9.8.7", {"lo"}) == *loopback);
  CHECK_FALSE(discovery_interface("127.0.0.2", {"nosuch0"}));
  CHECK_FALSE(discovery_interface("198.51.100.7", {}));
}

TEST_CASE("plan: a quirk of authentication demands a user, unless --auth says else") {
  Options options;
  options.quirks = {53};
  CHECK(planned(options)[0].device.auth == onvif::VirtualAuth::kWsse);
  options.quirks = {50};
  CHECK(planned(options)[0].device.auth == onvif::VirtualAuth::kDigest);
  options.auth = {onvif::VirtualAuth::kNone};
  CHECK(planned(options)[0].device.auth == onvif::VirtualAuth::kNone);
  options.auth = {};
  options.quirks = {26, 28, 39};
  CHECK(planned(options)[0].device.auth == onvif::VirtualAuth::kNone);
}

TEST_CASE("plan: models, recorders and odd tokens") {
  Options options;
  options.model = &onvif::virtual_models().front();
  const auto model = planned(options)[0].device;
  CHECK(model.manufacturer == options.model->manufacturer);
  CHECK(model.model == options.model->model);
  CHECK(model.auth == options.model->auth);

  options = {};
  options.quirks = {74, 84};
  const auto recorder = planned(options)[0].device;
  REQUIRE(recorder.profiles.size() == 32);
  CHECK(recorder.profiles[0].token == "000");
  CHECK(recorder.profiles[31].token == "031");
  CHECK(recorder.profiles[31].source == "VideoSource_16");
  std::set<std::string> paths;
  for (const auto& profile : recorder.profiles) paths.insert(profile.rtsp_path);
  CHECK(paths.size() == 32);
}

TEST_CASE("plan: every model shows quirks that there are") {
  const auto known = onvif::virtual_quirks();
  std::string last;
  for (const auto& model : onvif::virtual_models()) {
    CHECK(model.name > last);
    last = model.name;
    CHECK(std::ranges::includes(known, model.quirks));
  }
}
