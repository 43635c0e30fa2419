#include "libonvif/settings.h"

#include <doctest/doctest.h>

#include <pugixml.hpp>

#include "libonvif/device_info.h"
#include "libonvif/setting_messages.h"
#include "tests/libonvif/captures.h"
#include "tests/libonvif/session_bench.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

const SettingChange& find(const SettingChanges& changes, std::string_view name) {
  for (const auto& change : changes)
    if (change.name == name) return change;
  FAIL("no change called ", std::string(name));
  return changes.front();
}

}  // namespace

TEST_CASE("an encoder is set and read back, by Media 2 and by Media 1") {
  for (const bool media2 : {true, false}) {
    auto config = test_device();
    SessionBench bench(config);
    if (!media2) bench.without = kMedia2Ns;
    const EncoderSettings wanted{.width = 1280, .height = 720, .bitrate_kbps = 1500, .gop = 30, .fps = 15.0};
    const auto changes = set_encoder(bench.session, {}, wanted, false);
    REQUIRE_MESSAGE(changes, changes.error().message);
    CHECK(changes->size() == 5);
    for (const auto& change : *changes) CHECK(change.taken());
    CHECK(find(*changes, "encoder.gop").before == "50");
    CHECK(find(*changes, "encoder.width").after == "1280");
    CHECK(bench.device.config().profiles[0].width == 1920);  // what it was made with
    // The other profile keeps its own.
    const auto other = set_encoder(bench.session, {"P2"}, {.fps = 10.0}, true);
    REQUIRE(other);
    CHECK(find(*other, "encoder.fps").before == "12");
  }
}

TEST_CASE("a dry run changes nothing") {
  SessionBench bench;
  const auto changes = set_encoder(bench.session, {}, {.gop = 10}, true);
  REQUIRE(changes);
  CHECK(find(*changes, "encoder.gop").wanted == "10");
  CHECK(find(*changes, "encoder.gop").after.empty());
  CHECK(bench.sent("SetVideoEncoderConfiguration") == 0);
}

TEST_CASE("what the device makes of it is told") {
  SessionBench bench;
  const auto changes = set_encoder(bench.session, {}, {.fps = 200.0}, false);
  REQUIRE(changes);
  CHECK(find(*changes, "encoder.fps").after == "30");
  CHECK_FALSE(find(*changes, "encoder.fps").taken());
  const auto missing = set_encoder(bench.session, {"nobody"}, {.fps = 5.0}, false);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
}

TEST_CASE("numbers are taken by their value") {
  CHECK(SettingChange{"a", "", "25", "25.0", 0}.taken());
  CHECK(SettingChange{"a", "", "33.3333", "33.3333321", 0}.taken());
  CHECK_FALSE(SettingChange{"a", "", "25", "24", 0}.taken());
  CHECK(SettingChange{"a", "", "0", "-1", 2}.taken());
  CHECK_FALSE(SettingChange{"a", "", "25", "", 0}.taken());
  CHECK(SettingChange{"a", "", "front-door", "front-door", 0}.taken());
}

TEST_CASE("imaging: what is asked for changes, and nothing else") {
  SessionBench bench;
  const auto changes = set_imaging(
      bench.session, {}, {.brightness = 70, .contrast = {}, .saturation = {}, .sharpness = 0}, false);
  REQUIRE_MESSAGE(changes, changes.error().message);
  CHECK(find(*changes, "imaging.brightness").before == "50");
  CHECK(find(*changes, "imaging.brightness").after == "70");
  CHECK(find(*changes, "imaging.sharpness").after == "0");
  CHECK(bench.sent(">AUTO</") == 1);  // the infrared filter that we do not model, sent back
  const auto refused = set_imaging(
      bench.session, {}, {.brightness = {}, .contrast = 1e5, .saturation = {}, .sharpness = {}}, false);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("SettingsInvalid") != std::string::npos);
}

TEST_CASE("a configuration goes back with all that its device put into it") {
  const std::string reply =
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tr2="http://www.onvif.org/ver20/media/wsdl")"
      R"( xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:v="urn:vendor"><s:Body><tr2:GetVideoEncoderConfigurationsResponse>)"
      R"(<tr2:Configurations token="e&quot;1" GovLength="50" v:Smart="on"><tt:Name>a &lt; b</tt:Name><tt:Encoding>H265</tt:Encoding>)"
      R"(<tt:RateControl ConstantBitRate="true"><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl>)"
      R"(<v:Extra><v:Deep x="1"/>text</v:Extra></tr2:Configurations></tr2:GetVideoEncoderConfigurationsResponse></s:Body></s:Envelope>)";
  auto configuration = Configuration::cut(reply, "GetVideoEncoderConfigurationsResponse/Configurations");
  REQUIRE(configuration);
  SettingChanges changes;
  CHECK(configuration->change("gop", "@GovLength", "25", changes));
  CHECK(configuration->change("fps", "RateControl/FrameRateLimit", "10", changes));
  CHECK_FALSE(configuration->change("bitrate", "RateControl/BitrateLimit", "10", changes));  // never added
  CHECK(changes.size() == 2);
  CHECK(changes[0].before == "50");

  const auto request = set_video_encoder_2(*configuration);
  pugi::xml_document document;
  REQUIRE(document.load_string(request.body.c_str()));
  const auto node = document.first_child().first_child();
  CHECK(std::string(node.name()).ends_with(":Configuration"));
  CHECK(std::string(node.attribute("token").value()) == "e\"1");
  CHECK(std::string(node.attribute("GovLength").value()) == "25");
  CHECK(std::string(node.attribute("v:Smart").value()) == "on");
  CHECK(std::string(node.attribute("xmlns:v").value()) == "urn:vendor");
  CHECK(std::string(node.child("tt:Name").text().get()) == "a < b");
  CHECK(std::string(node.child("tt:RateControl").attribute("ConstantBitRate").value()) == "true");
  CHECK(std::string(node.child("tt:RateControl").child_value("tt:FrameRateLimit")) == "10");
  CHECK(std::string(node.child("v:Extra").child("v:Deep").attribute("x").value()) == "1");
}

TEST_CASE("ONVIF's own elements go back in their namespace, vendors' in theirs (quirks 35, 36)") {
  auto configuration = Configuration::cut(
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:timg="http://www.onvif.org/ver20/imaging/wsdl">)"
      R"(<s:Body><timg:GetImagingSettingsResponse><timg:ImagingSettings><timg:Brightness>5</timg:Brightness>)"
      R"(<tt:Contrast>6</tt:Contrast><v:Extra xmlns:v="urn:v"><v:In/></v:Extra></timg:ImagingSettings>)"
      R"(</timg:GetImagingSettingsResponse></s:Body></s:Envelope>)",
      "GetImagingSettingsResponse/ImagingSettings");
  REQUIRE(configuration);
  pugi::xml_document document;
  REQUIRE(document.load_string(configuration->as_element("ImagingSettings", kImagingNs).c_str()));
  const auto root = document.first_child();
  CHECK(std::string(root.child("camctl-tt:Brightness").text().get()) == "5");
  CHECK(std::string(root.child("camctl-tt:Contrast").text().get()) == "6");
  CHECK(std::string(root.attribute("xmlns:camctl-tt").value()) == "http://www.onvif.org/ver10/schema");
  CHECK(root.child("v:Extra").child("v:In"));
}

TEST_CASE("a reply without a configuration is an error") {
  CHECK_FALSE(Configuration::cut("<a/>", "GetImagingSettingsResponse/ImagingSettings"));
  CHECK_FALSE(Configuration::cut("", "GetImagingSettingsResponse/ImagingSettings"));
}

TEST_CASE("the clock is set, and its time zone stays") {
  auto config = test_device();
  // The bench's device and our own clock are far apart.
  SessionBench bench(config);
  const auto changes = set_clock(bench.session, {}, false);
  REQUIRE_MESSAGE(changes, changes.error().message);
  CHECK(std::abs(bench.session.clock_offset().count()) < 2000);
  CHECK(find(*changes, "clock.source").after == "Manual");
  CHECK(bench.sent(">UTC0<") == 1);
  const auto ntp = set_clock(bench.session, {ClockSource::kNtp, "192.0.2.7"}, false);
  REQUIRE(ntp);
  CHECK(find(*ntp, "clock.source").after == "NTP");
  CHECK(find(*ntp, "clock.ntp_server").after == "192.0.2.7");
}

TEST_CASE("host name and reboot") {
  int reboots = 0;
  auto config = test_device();
  config.on_reboot = [&] { ++reboots; };
  SessionBench bench(config);
  const auto named = set_hostname(bench.session, "front-door", false);
  REQUIRE(named);
  CHECK(named->front().before == "S1");
  CHECK(named->front().after == "front-door");
  CHECK_FALSE(set_hostname(bench.session, "front door!", false));
  CHECK(reboot(bench.session) == "Rebooting");
  CHECK(reboots == 1);
}

TEST_CASE("what a device tells of its network and its users") {
  SessionBench bench;
  const auto info = device_info(bench.session);
  CHECK(info.hostname == "S1");
  CHECK(info.gateways == std::vector<std::string>{"127.0.0.1"});
  REQUIRE(info.dns);
  CHECK(info.dns->hosts == std::vector<std::string>{"127.0.0.1"});
  REQUIRE(info.users);
  CHECK(info.users->front().level == "Administrator");
  REQUIRE(info.clock);
  CHECK(info.clock->source == "Manual");
  CHECK(info.gaps.empty());
  bench.silent = true;
  CHECK(device_info(bench.session).gaps.size() == 8);
}

TEST_CASE("recorded network settings and users of real cameras") {
  namespace fs = std::filesystem;
  if (!fs::is_directory(captures_folder())) return;
  std::size_t users = 0, servers = 0, names = 0;
  for (const auto& entry : fs::recursive_directory_iterator(captures_folder())) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename().string(), text = file_text(entry.path());
    if (find_fault(text)) continue;
    CAPTURE(entry.path().string());
    Quirks quirks;
    if (name == "GetUsersResponse.xml") {
      const auto read = read_users(text, quirks);
      REQUIRE_MESSAGE(read, read.error().message);
      users += read->size();
    } else if (name == "GetNTPResponse.xml" || name == "get_ntp.xml") {
      const auto read = read_ntp(text, quirks);
      REQUIRE_MESSAGE(read, read.error().message);
      servers += read->hosts.size();
    } else if (name == "GetHostnameResponse.xml" || name == "get_hostname.xml") {
      const auto read = read_hostname(text, quirks);
      REQUIRE_MESSAGE(read, read.error().message);
      names += read->empty() ? 0 : 1;
    } else if (name == "SystemRebootResponse.xml") {
      CHECK(read_system_reboot(text, quirks));
    }
  }
  CHECK(users > 0);
  CHECK(servers > 0);
  CHECK(names > 0);
}
