#include <doctest/doctest.h>

#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl;
using namespace camctl::onvif;

namespace {
std::string value(const pugi::xml_node& node, const char* path) {
  return node.first_element_by_path(path).text().get();
}
}  // namespace

TEST_CASE("media service 1: profiles") {
  VirtualDevice device(test_device());
  const Tree reply(post(device, soap(trt("GetProfiles"))).body);
  const auto main = reply.node("Body/GetProfilesResponse").first_child();
  CHECK(std::string(main.attribute("token").value()) == "P1");
  CHECK(value(main, "Name") == "Main");
  CHECK(value(main, "VideoEncoderConfiguration/Encoding") == "H264");
  CHECK(value(main, "VideoEncoderConfiguration/Resolution/Width") == "1920");
  CHECK(value(main, "VideoEncoderConfiguration/RateControl/FrameRateLimit") == "25");
  CHECK(value(main, "VideoEncoderConfiguration/RateControl/BitrateLimit") == "2000");
  CHECK(value(main, "VideoEncoderConfiguration/H264/GovLength") == "50");
  CHECK(value(main, "AudioEncoderConfiguration/Encoding") == "AAC");
  CHECK(value(main, "AudioEncoderConfiguration/SampleRate") == "16");
  const auto sub = main.next_sibling();
  CHECK(std::string(sub.attribute("token").value()) == "P2");
  CHECK_FALSE(sub.child("AudioEncoderConfiguration"));
  CHECK_FALSE(sub.next_sibling());
}

TEST_CASE("media service 1: one profile") {
  VirtualDevice device(test_device());
  const Tree reply(post(device, soap(trt("GetProfile", "<ProfileToken>P2</ProfileToken>"))).body);
  CHECK(reply.text("Body/GetProfileResponse/Profile/Name") == "Sub");
  CHECK(Tree(post(device, soap(trt("GetProfile"))).body).fault() == "Sender InvalidArgVal NoProfile");
}

TEST_CASE("media services: H.265 is in version 2 only (quirk 68)") {
  auto config = test_device();
  config.profiles[0].video = media::Codec::kH265;
  VirtualDevice device(config);
  const Tree one(post(device, soap(trt("GetProfiles"))).body);
  const auto main = one.node("Body/GetProfilesResponse").first_child();
  CHECK_FALSE(main.child("VideoEncoderConfiguration"));
  CHECK(main.child("VideoSourceConfiguration"));
  const Tree two(post(device, soap(tr2("GetProfiles", "<Type>All</Type>"))).body);
  CHECK(two.text("Body/GetProfilesResponse/Profiles/Configurations/VideoEncoder/Encoding") == "H265");
}

TEST_CASE("media service 2: configurations as asked for") {
  VirtualDevice device(test_device());
  const auto ask = [&](const char* arguments) {
    const Tree reply(post(device, soap(tr2("GetProfiles", arguments))).body);
    std::string found;
    for (const auto& profile : reply.node("Body/GetProfilesResponse").children()) {
      found += profile.attribute("token").value();
      for (const auto& part : profile.child("Configurations").children())
        found += std::string(" ") + part.name();
      found += ";";
    }
    return found;
  };
  CHECK(ask("") == "P1;P2;");
  CHECK(ask("<Type>All</Type>") ==
        "P1 VideoSource AudioSource VideoEncoder AudioEncoder PTZ;P2 VideoSource VideoEncoder PTZ;");
  CHECK(ask("<Type>VideoEncoder</Type><Type>AudioEncoder</Type>") ==
        "P1 VideoEncoder AudioEncoder;P2 VideoEncoder;");
  CHECK(ask("<Token>P2</Token>") == "P2;");
}

TEST_CASE("media services: URIs") {
  auto config = test_device();
  for (const bool nat : {false, true}) {
    config.nat = nat;
    VirtualDevice device(config);
    const std::string host = nat ? "192.0.2.1" : "127.0.0.2";
    const char* p2 = "<ProfileToken>P2</ProfileToken>";
    const Tree stream(post(device, soap(trt("GetStreamUri", p2))).body);
    CHECK(stream.text("Body/GetStreamUriResponse/MediaUri/Uri") == "rtsp://" + host + ":5543/live/channel1");
    const Tree stream2(post(device, soap(tr2("GetStreamUri", p2))).body);
    CHECK(stream2.text("Body/GetStreamUriResponse/Uri") == "rtsp://" + host + ":5543/live/channel1");
    const std::string picture = "http://" + host + ":8000/snapshot.jpg?profile=P2";
    const Tree snapshot(post(device, soap(trt("GetSnapshotUri", p2))).body);
    CHECK(snapshot.text("Body/GetSnapshotUriResponse/MediaUri/Uri") == picture);
    const Tree snapshot2(post(device, soap(tr2("GetSnapshotUri", p2))).body);
    CHECK(snapshot2.text("Body/GetSnapshotUriResponse/Uri") == picture);
  }
}

TEST_CASE("media service 1: video sources") {
  VirtualDevice device(test_device());
  const Tree reply(post(device, soap(trt("GetVideoSources"))).body);
  CHECK(reply.text("Body/GetVideoSourcesResponse/VideoSources/Resolution/Height") == "1080");
}

TEST_CASE("media services: audio codecs by their names") {
  struct Case {
    media::Codec codec;
    const char *one, *two;
  };
  for (const auto& c :
       {Case{media::Codec::kAac, "AAC", "MP4A-LATM"}, Case{media::Codec::kPcma, "G711", "PCMA"},
        Case{media::Codec::kPcmu, "G711", "PCMU"}}) {
    auto config = test_device();
    config.profiles[0].audio = c.codec;
    VirtualDevice device(config);
    const Tree one(post(device, soap(trt("GetProfiles"))).body);
    CHECK(one.text("Body/GetProfilesResponse/Profiles/AudioEncoderConfiguration/Encoding") == c.one);
    const Tree two(post(device, soap(tr2("GetProfiles", "<Type>All</Type>"))).body);
    CHECK(two.text("Body/GetProfilesResponse/Profiles/Configurations/AudioEncoder/Encoding") == c.two);
  }
}
