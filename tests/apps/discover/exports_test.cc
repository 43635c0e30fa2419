#include <doctest/doctest.h>

#include <string>

#include "apps/common/camera.h"
#include "apps/discover/exports/export.h"
#include "apps/discover/exports/streams.h"

using namespace camctl;
using namespace camctl::discover;

namespace {

apps::Camera camera(const char* id, const char* name, const char* url) {
  apps::Camera result;
  result.id = id;
  result.name = name;
  result.rtsp_url = url;
  result.ip = "10.0.0.5";
  return result;
}

apps::CameraProfile profile(const char* url, const char* codec, unsigned width, unsigned height) {
  apps::CameraProfile result;
  result.rtsp_url = url;
  result.video = apps::VideoProfile{codec, width, height, 25, 0, 0};
  return result;
}

apps::Camera with_password(const char* user, const char* password) {
  auto result = camera("stream_0", "Door", "rtsp://10.0.0.5/main");
  result.credentials = {user, Secret{password}};
  return result;
}

std::string text(ExportFormat format, const std::vector<apps::Camera>& cameras,
                 const ExportOptions& options = {}) {
  return export_cameras(format, cameras, options).text;
}

bool has(const std::string& whole, std::string_view part) { return whole.find(part) != std::string::npos; }

const ExportFormat kAll[] = {ExportFormat::kMediamtx,      ExportFormat::kGo2rtc, ExportFormat::kFrigate,
                             ExportFormat::kHomeAssistant, ExportFormat::kM3u,    ExportFormat::kCsv,
                             ExportFormat::kYaml};

}  // namespace

TEST_CASE("names that -o takes") {
  CHECK(export_format_names() == "mediamtx|go2rtc|frigate|homeassistant|m3u|csv|yaml");
  CHECK(export_format("frigate") == ExportFormat::kFrigate);
  CHECK(!export_format("json"));
}

TEST_CASE("keys are valid and unique, whatever devices are called") {
  const std::pair<std::string, const char*> cases[] = {{"Front door", "front_door"},
                                                       {"Front  door!", "front_door_2"},  // taken
                                                       {"front_door_2", "front_door_2_2"},
                                                       {"../../etc", "etc"},
                                                       {"-x-", "x"},
                                                       {"a: b\n\"c\"", "a_b_c"},
                                                       {"\xD0\x94\xD0\xB2", "stream_7"},
                                                       {"", "stream_7_2"},
                                                       {"all others", "all_others_2"},
                                                       {"123", "123"},
                                                       {std::string(5000, 'x'), nullptr}};
  Keys keys;
  for (const auto& [name, wanted] : cases)
    CHECK(keys.take(name, "stream_7") == (wanted ? std::string(wanted) : std::string(kMaxKey, 'x')));
  CHECK(keys.take("", "--") == "camera");
}

TEST_CASE("thousands of cameras of one name") {
  Keys keys;
  std::string last;
  for (int i = 0; i < 10'000; ++i) last = keys.take("IPC", "");
  CHECK(last == "ipc_10000");
}

TEST_CASE("the sub stream is the smallest picture of the same host") {
  auto one = camera("stream_0", "", "rtsp://10.0.0.5/main");
  CHECK(sub_profile(one) == nullptr);
  one.profiles = {
      profile("rtsp://10.0.0.5/main", "h265", 1920, 1080), profile("rtsp://10.0.0.5/mid", "h264", 1280, 720),
      profile("rtsp://10.0.0.5/low", "h264", 640, 360),    profile("rtsp://10.0.0.5/jpeg", "jpeg", 320, 180),
      profile("rtsp://evil.example/low", "h264", 160, 90), profile("rtsp://10.0.0.5/unknown", "h264", 0, 0)};
  REQUIRE(sub_profile(one) != nullptr);
  CHECK(sub_profile(one)->rtsp_url == "rtsp://10.0.0.5/low");
}

TEST_CASE("no password by default, in no format") {
  auto one = with_password("admin", "t0p-secret");
  one.snapshot_url = "http://10.0.0.5/snapshot.jpg";
  for (const auto format : kAll) CHECK(!has(text(format, {one}), "t0p-secret"));
  CHECK(has(text(ExportFormat::kFrigate, {one}),
            "rtsp://{FRIGATE_RTSP_USER}:{FRIGATE_RTSP_PASSWORD}@10.0.0.5/main"));
  CHECK(has(text(ExportFormat::kGo2rtc, {one}), "rtsp://${RTSP_USER}:${RTSP_PASSWORD}@10.0.0.5/main"));
  for (const auto format : {ExportFormat::kMediamtx, ExportFormat::kHomeAssistant})
    CHECK(has(text(format, {one}), "\"rtsp://10.0.0.5/main\""));
}

TEST_CASE("a placeholder where the device asked for credentials, and only there") {
  auto one = camera("stream_0", "Door", "rtsp://10.0.0.5/main");
  for (const auto& [auth, wanted] :
       {std::pair{"wsse", true}, {"digest/md5", true}, {"none", false}, {"", false}}) {
    one.extra["auth"] = auth;
    CHECK(has(text(ExportFormat::kFrigate, {one}), "FRIGATE_RTSP_USER") == wanted);
    CHECK(has(text(ExportFormat::kGo2rtc, {one}), "RTSP_USER") == wanted);
  }
}

TEST_CASE("passwords on request are percent-encoded") {
  const ExportOptions options{.with_credentials = true, .rtsp = true};
  const auto one = with_password("ad min", "p@s/s:w{o}$r#d");
  for (const auto format : {ExportFormat::kMediamtx, ExportFormat::kGo2rtc, ExportFormat::kHomeAssistant,
                            ExportFormat::kM3u, ExportFormat::kCsv, ExportFormat::kFrigate})
    CHECK(has(text(format, {one}, options), "rtsp://ad%20min:p%40s%2Fs%3Aw%7Bo%7D%24r%23d@10.0.0.5/main"));
}

TEST_CASE("Frigate encodes a plain user's password itself, after it has put variables in") {
  const ExportOptions options{.with_credentials = true};
  CHECK(has(text(ExportFormat::kFrigate, {with_password("admin", "a%b@{c}")}, options),
            "rtsp://admin:a%b@{{c}}@10.0.0.5/main"));
  CHECK(has(text(ExportFormat::kFrigate, {with_password("admin", "a b")}, options),
            "rtsp://admin:a%20b@10.0.0.5"));
}

TEST_CASE("no password goes to another host that a device names") {
  const ExportOptions options{.with_credentials = true, .rtsp = true};
  auto one = with_password("admin", "t0p-secret");
  one.rtsp_url = "rtsp://evil.example/main";
  for (const auto format : kAll)
    if (format != ExportFormat::kYaml) CHECK(!has(text(format, {one}, options), "t0p-secret"));
  CHECK(!has(text(ExportFormat::kFrigate, {one}), "FRIGATE_RTSP_PASSWORD}"));
}

TEST_CASE("an address cannot name variables, quotations or options of the program that reads it") {
  const auto one = camera("stream_0", "Door", "rtsp://10.0.0.5/${HOME}/{FRIGATE_X}'\"\\#exec:id?a=b&c=%41@d");
  for (const auto format : {ExportFormat::kMediamtx, ExportFormat::kGo2rtc, ExportFormat::kHomeAssistant})
    CHECK(has(text(format, {one}),
              "rtsp://10.0.0.5/%24%7BHOME%7D/%7BFRIGATE_X%7D%27%22%5C%23exec:id?a=b&c=%41@d\""));
  CHECK(has(text(ExportFormat::kFrigate, {one}), "?a=b&c=%41%40d\""));
  // Lists are no configuration: the address stays as the camera wants it.
  CHECK(has(text(ExportFormat::kM3u, {one}, {.rtsp = true}), one.rtsp_url + "\n"));
}

TEST_CASE("what a program cannot play is left out and said") {
  auto url = std::string("rtsp://10.0.0.5/") + std::string(1500, 'a');
  const std::vector<apps::Camera> cameras = {
      camera("stream_0", "Door", "exec://x/y"), camera("stream_1", "Yard", "http://10.0.0.5/mjpeg"),
      camera("stream_2", "", ""), camera("stream_3", "Long", url.c_str())};
  const std::pair<ExportFormat, std::size_t> cases[] = {
      {ExportFormat::kMediamtx, 3},      {ExportFormat::kGo2rtc, 2}, {ExportFormat::kFrigate, 4},
      {ExportFormat::kHomeAssistant, 2}, {ExportFormat::kM3u, 1},    {ExportFormat::kCsv, 0},
      {ExportFormat::kYaml, 0}};
  for (const auto& [format, count] : cases)
    CHECK(export_cameras(format, cameras, {}).left_out.size() == count);
  CHECK(export_cameras(ExportFormat::kMediamtx, cameras, {}).left_out.front() ==
        "stream_0 (Door) is left out: exec:// is not supported there");
}

TEST_CASE("m3u: one line a name, addresses of the server or the camera") {
  const auto one =
      camera("stream_0", "Do\"or,\r\n#EXTINF:0,x\nfile:///etc/passwd", "rtsp://10.0.0.5:5543/main");
  const std::string name =
      "#EXTM3U\n#EXTINF:-1 tvg-id=\"stream_0\",Do\"or,\xEF\xBF\xBD\xEF\xBF\xBD#EXTINF:0,x"
      "\xEF\xBF\xBD"
      "file:///etc/passwd\n";
  CHECK(text(ExportFormat::kM3u, {one}) == name + "http://127.0.0.1:8080/hls/stream_0/playlist.m3u8\n");
  CHECK(text(ExportFormat::kM3u, {one}, {.server = "https://cams.example"}) ==
        name + "https://cams.example/hls/stream_0/playlist.m3u8\n");
  CHECK(text(ExportFormat::kM3u, {one}, {.rtsp = true}) == name + "rtsp://10.0.0.5:5543/main\n");
  CHECK(text(ExportFormat::kM3u, {}) == "#EXTM3U\n");
}

TEST_CASE("csv: quoted by RFC 4180, no formulas") {
  const std::pair<const char*, const char*> cases[] = {{"plain", "plain"},
                                                       {"a,b", "\"a,b\""},
                                                       {"a\"b", "\"a\"\"b\""},
                                                       {"=1+1", "'=1+1"},
                                                       {"+49", "'+49"},
                                                       {"-x", "'-x"},
                                                       {"@SUM(A1)", "'@SUM(A1)"},
                                                       {"=\"a\",b", "\"'=\"\"a\"\",b\""},
                                                       {"\t=1", "\xEF\xBF\xBD=1"},
                                                       {"a\r\nb",
                                                        "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                                        "b"}};
  for (const auto& [name, cell] : cases) {
    const auto made = text(ExportFormat::kCsv, {camera("stream_0", name, "rtsp://10.0.0.5/main")});
    CHECK(has(made, "\r\nstream_0," + std::string(cell) + ",10.0.0.5,0,"));
    CHECK(made.ends_with("\r\n"));
  }
}

TEST_CASE("yaml: strings stay strings") {
  auto one = camera("stream_0", "no", "rtsp://10.0.0.5/main");
  one.model = "0123";
  one.extra["list"] = {nullptr, true, 1.5};
  const auto made = text(ExportFormat::kYaml, {one});
  for (const auto* part : {"\"name\": \"no\"", "\"model\": \"0123\"", "- ~\n", "- true\n", "- 1.5"})
    CHECK(has(made, part));
  CHECK(!has(text(ExportFormat::kYaml, {with_password("u", "p")}), "credentials"));
  CHECK(has(text(ExportFormat::kYaml, {with_password("u", "p")}, {.with_credentials = true}),
            "\"password\": \"p\""));
}
