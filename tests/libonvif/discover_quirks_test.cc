// Quirks 26 to 85: a device that has one is read all the same, and its description says which one it showed.
// Those that need HTTP, several cameras or other profiles are in tests/integration/test_discover_quirks.py.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libonvif/reply_form.h"
#include "libonvif/virtual_device_models.h"
#include "tests/libonvif/interrogate_bench.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

struct Case {
  int quirk;
  std::set<int> shown;
  VirtualAuth auth = VirtualAuth::kNone;
};

const std::vector<Case>& cases() {
  constexpr auto kToken = VirtualAuth::kWsse;
  static const std::vector<Case> all = {
      {26, {26}},     {27, {27}, kToken}, {28, {28}, kToken}, {29, {29}},     {30, {}},   {31, {31}},
      {32, {}},       {34, {}},           {35, {35}},         {36, {36}},     {37, {37}}, {38, {38}, kToken},
      {39, {39}},     {42, {}},           {43, {}},           {44, {44}},     {45, {45}}, {46, {44, 46}},
      {47, {47}},     {48, {48}},         {49, {}},           {50, {50}},     {51, {}},   {52, {}},
      {53, {53}},     {54, {}},           {55, {55}},         {57, {}},       {58, {58}}, {60, {60}},
      {61, {}},       {62, {62}},         {63, {63}},         {64, {64}},     {65, {65}}, {66, {66}},
      {67, {12, 67}}, {68, {68}},         {69, {69}},         {70, {28, 70}}, {71, {71}}, {72, {72}},
      {73, {}},       {75, {75}},         {76, {76}},         {77, {77}},     {78, {78}}, {79, {79}},
      {81, {81}},     {82, {}},           {83, {83}},         {84, {84}},     {85, {85}}};
  return all;
}

VirtualDeviceConfig camera_with(const Case& c) {
  auto config = camera();
  config.quirks = {c.quirk};
  config.auth = c.auth == VirtualAuth::kNone ? auth_of(config.quirks) : c.auth;
  config.digest = {DigestAlgorithm::kMd5};
  if (c.quirk == 44) config.clock_skew = 1h;
  return config;
}

}  // namespace

TEST_CASE("each quirk is worked around and told") {
  for (const Case& c : cases()) {
    CAPTURE(c.quirk);
    const auto config = camera_with(c);
    Bench bench(config);
    const bool given = config.auth != VirtualAuth::kNone || c.quirk == 60;
    const auto device = bench.ask(given ? config.credentials : Credentials{});
    REQUIRE_MESSAGE(device, (device ? "" : device.error().message));
    CHECK_MESSAGE(std::set(device->quirks.begin(), device->quirks.end()) == c.shown,
                  fmt::format("{}", device->quirks));
    REQUIRE(device->profiles.size() == 2);
    const std::string query = c.quirk == 77 ? "?channel=1&subtype=0" : "";
    CHECK(device->profiles[0].rtsp_url == "rtsp://127.0.0.2:5543/live/channel0" + query);
    CHECK(device->profiles[1].rtsp_url ==
          (c.quirk == 75 ? "" : "rtsp://127.0.0.2:5543/live/channel1" + query));
    CHECK(device->profiles[1].error.empty() == (c.quirk != 75));
    const char* snapshot = c.quirk == 82 ? "http://127.0.0.2:8001/snapshot.jpg?profile=main"
                                         : "http://127.0.0.2:8000/snapshot.jpg?profile=main";
    CHECK(device->profiles[0].snapshot_url == (c.quirk == 76 ? "" : snapshot));
    REQUIRE(device->profiles[0].video);
    CHECK(device->profiles[0].video->codec == "h264");
    CHECK(device->profiles[0].video->width == 1920);
    CHECK(device->profiles[0].name == (c.quirk == 84 ? "main" : "PROFILE_1"));
    CHECK(device->profiles[0].source_token == device->profiles[1].source_token);
    CHECK(device->manufacturer == (c.quirk == 85 ? "" : "camctl"));
    CHECK(device->model.starts_with("simulate"));
    CHECK(std::chrono::abs(device->clock_offset - config.clock_skew) < 2s);
  }
}

TEST_CASE("a password in clear goes out only where that is allowed (quirk 56)") {
  Bench strict(camera_with({56, {}}));
  const auto refused = strict.ask();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kAuth);
  CHECK(refused.error().hint.find("--allow-plain") != std::string::npos);
  CHECK(strict.clear == 0);
  Bench loose(camera_with({56, {}}));
  const auto device = loose.ask(camera().credentials, true);
  REQUIRE(device);
  CHECK(device->quirks == std::vector{56});
  CHECK(device->auth_scheme == "wsse");
  CHECK(loose.clear > 0);
  // Who takes the digest never sees it.
  Bench usual(camera_with({52, {}}));
  REQUIRE(usual.ask(camera().credentials, true));
  CHECK(usual.clear == 0);
}

TEST_CASE("attempts that are left are told, and not used (quirk 57)") {
  Bench bench(camera_with({57, {}}));
  const auto device = bench.ask({"admin", Secret{"wrong"}}, true);
  REQUIRE_FALSE(device);
  CHECK(device.error().message.find("You still have 4 attempt(s)") != std::string::npos);
  CHECK(bench.logins == 1);
}

TEST_CASE("a role that is too low is called so (quirk 59)") {
  Bench bench(camera_with({59, {}}));
  const auto device = bench.ask();
  REQUIRE_FALSE(device);
  CHECK(device.error().code == ErrorCode::kAuth);
  CHECK(device.error().message.find("lets the user in") != std::string::npos);
  CHECK(device.error().hint.find("role") != std::string::npos);
}

TEST_CASE("what a reply's form shows") {
  const std::string good = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope><s:Body/></s:Envelope>\n";
  const std::string fault = "<s:Envelope><s:Body><s:Fault><s:Code/></s:Fault></s:Body></s:Envelope>";
  struct Form {
    HttpReply reply;
    std::set<int> quirks;
  };
  const auto reply = [](int status, std::string body, std::string type = "application/soap+xml") {
    HttpReply r;
    r.status = status;
    r.body = std::move(body);
    r.content_type = std::move(type);
    return r;
  };
  HttpReply hung_up = reply(200, good), untrusted = hung_up, challenged = reply(401, fault);
  hung_up.hung_up = true;
  untrusted.untrusted = true;
  challenged.www_authenticate = {"Digest realm=\"r\""};
  for (const Form& form :
       {Form{reply(200, good), {}},
        {hung_up, {33}},
        {untrusted, {40}},
        {challenged, {}},
        {reply(200, "\xEF\xBB\xBF" + good), {}},
        {reply(200, good, "text/html; charset=utf-8"), {26}},
        {reply(200, fault), {27}},
        {reply(401, fault), {27}},
        {reply(400, fault), {}},
        {reply(500, fault), {}},
        {reply(401, "<html>", "text/html"), {28}},
        {reply(200, "<html>", "text/html"), {}},
        {reply(404, "", "text/plain"), {}},
        {reply(200, "\n" + good), {37}},
        {reply(200, good + "junk"), {37}},
        {reply(200, "<?xml version='1.0' encoding='utf-16'?>" + fault.substr(0, 3) + good.substr(42)), {37}},
        {reply(200, "<s:Envelope><s:Body>caf\xE9</s:Body></s:Envelope>"), {37}},
        {reply(200, "<?xml version='1.0' encoding='iso-8859-1'?><s:Envelope>caf\xE9</s:Envelope>"), {}},
        {reply(200,
               "<s:Envelope><s:Header><w:Security s:mustUnderstand=\"1\"/></s:Header><s:Body/></s:Envelope>"),
         {38}},
        {reply(200, ""), {}}}) {
    CAPTURE(form.reply.body);
    CHECK(form_quirks(form.reply) == form.quirks);
  }
}
