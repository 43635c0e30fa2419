#include "apps/common/camera.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "base/url.h"

using namespace camctl;
using namespace camctl::apps;

namespace {

std::vector<Camera> parse(const std::string& json) {
  auto cameras = parse_cameras(json, "cameras.json");
  if (!cameras) FAIL(cameras.error().message);
  return *cameras;
}

std::string error_of(const std::string& json) {
  const auto cameras = parse_cameras(json, "cameras.json");
  REQUIRE_FALSE(cameras);
  CHECK(cameras.error().code == ErrorCode::kConfig);
  return cameras.error().message;
}

}  // namespace

TEST_CASE("the original's four keys are enough") {
  const auto cameras =
      parse(R"([{"ip":"192.168.0.100","port":8000,"rtsp_url":"rtsp://192.168.0.100:5543/live/channel0",
                                  "profile_name":"PROFILE_1"}])");
  REQUIRE(cameras.size() == 1);
  CHECK(cameras[0].id == "stream_0");
  CHECK(cameras[0].hls_url == "/hls/stream_0/playlist.m3u8");
  CHECK(cameras[0].port == 8000);
}

TEST_CASE("rtsp_url alone is enough") {
  const auto cameras = parse(R"([{"rtsp_url":"rtsp://10.0.0.5/a"},{"rtsp_url":"rtsp://10.0.0.6:5543/b"}])");
  REQUIRE(cameras.size() == 2);
  CHECK(cameras[0].ip == "10.0.0.5");
  CHECK(cameras[0].port == 554);
  CHECK(cameras[1].id == "stream_1");
  CHECK(cameras[1].port == 5543);
}

TEST_CASE("ids are filled around those that are taken") {
  const auto cameras = parse(R"([{"rtsp_url":"rtsp://h/1"},{"rtsp_url":"rtsp://h/2","id":"stream_0"},
                                 {"rtsp_url":"rtsp://h/3","id":"door"},{"rtsp_url":"rtsp://h/4"}])");
  CHECK(cameras[0].id == "stream_1");
  CHECK(cameras[1].id == "stream_0");
  CHECK(cameras[2].hls_url == "/hls/door/playlist.m3u8");
  CHECK(cameras[3].id == "stream_3");
}

TEST_CASE("passwords leave the URLs and are not written unless asked for") {
  const auto cameras =
      parse(R"([{"rtsp_url":"rtsp://admin:p%40ss@10.0.0.5/a?x=1","snapshot_url":"http://admin:p@10.0.0.5/s",
                                  "vendor_url":"http://u:geheim@10.0.0.5/","nested":{"list":["rtsp://u:geheim@h/"]},
                                  "profiles":[{"rtsp_url":"rtsp://x:y@10.0.0.5/b","deep":"ftp://u:geheim@h/"}]}])");
  REQUIRE(cameras.size() == 1);
  CHECK(cameras[0].rtsp_url == "rtsp://10.0.0.5/a?x=1");
  CHECK(cameras[0].snapshot_url == "http://10.0.0.5/s");
  CHECK(cameras[0].profiles[0].rtsp_url == "rtsp://10.0.0.5/b");
  CHECK(cameras[0].credentials == Credentials{"admin", Secret("p@ss")});
  const std::string shown = dump(to_json(cameras[0]));
  CHECK(shown.find("p@ss") == std::string::npos);
  CHECK(shown.find("geheim") == std::string::npos);
  CHECK(shown.find("credentials") == std::string::npos);
  const std::string kept = dump(to_json(cameras[0], true));
  CHECK(kept.find(R"("credentials":{"user":"admin","password":"p@ss"})") != std::string::npos);
  const auto again = parse("[" + kept + "]");
  CHECK(again[0].credentials == cameras[0].credentials);
}

TEST_CASE("credentials in an entry, in the forms that people write") {
  for (const char* entry : {R"("credentials":{"user":"u","password":"p"})", R"("user":"u","password":"p")",
                            R"("username":"u","password":"p")"}) {
    const auto cameras = parse(std::string(R"([{"rtsp_url":"rtsp://h/",)") + entry + "}]");
    CHECK(cameras[0].credentials == Credentials{"u", Secret("p")});
    CHECK(dump(to_json(cameras[0])).find("password") == std::string::npos);
  }
}

TEST_CASE("a full entry goes round and unknown keys stay") {
  const std::string entry =
      R"({"ip":"192.168.0.100","port":8000,"rtsp_url":"rtsp://192.168.0.100:5543/live/channel0","profile_name":"PROFILE_1",)"
      R"("hls_url":"/hls/stream_0/playlist.m3u8","id":"stream_0","name":"Front door","endpoint":"urn:uuid:1",)"
      R"("manufacturer":"M","model":"X","firmware":"1","serial":"S","mac":"aa:bb:cc:dd:ee:ff",)"
      R"("onvif_url":"http://192.168.0.100:8000/onvif/device_service","snapshot_url":"http://192.168.0.100/s.jpg",)"
      R"("ptz":true,"events":false,"profiles":[{"token":"0","name":"PROFILE_1","rtsp_url":"rtsp://192.168.0.100/a",)"
      R"("snapshot_url":"http://192.168.0.100/s.jpg","video":{"codec":"h264","width":1920,"height":1080,"fps":25.0,)"
      R"("bitrate_kbps":2048,"gop":50},"audio":{"codec":"aac","sample_rate":16000,"channels":1},"x":1}],"zone":{"a":[1,2]}})";
  CHECK(dump(to_json(parse("[" + entry + "]")[0])) == entry);
}

TEST_CASE("what is wrong is named, with where it is") {
  struct Case {
    std::string json;
    const char* expected;  // part of the message
  };
  const std::vector<Case> cases = {
      {"", "the list is empty"},
      {"[\n  {\"ip\": \"10.0.0.1\",\n   \"port\": }\n]", "line 3, column 12"},
      {"[{\"rtsp_url\":\"rtsp://h/\"}", "unexpected end of input"},
      {"[{\"rtsp_url\":\"rtsp://h/\"}] x", "line 1, column"},
      {"[{\"name\":\"\xff\xfe\"}]", "ill-formed UTF-8"},
      {"{}", "must be a JSON array"},
      {"null", "must be a JSON array"},
      {"[1]", "camera 1 must be an object"},
      {"[{\"rtsp_url\":\"rtsp://h/\"},{}]", "camera 2: \"rtsp_url\" is missing"},
      {R"([{"rtsp_url":5}])", "camera 1: \"rtsp_url\" must be a string"},
      {R"([{"rtsp_url":"nonsense"}])", "\"rtsp_url\" is no URL"},
      {R"([{"rtsp_url":"rtsp://h/","port":70000}])", "\"port\" must be a whole number from 0 to 65535"},
      {R"([{"rtsp_url":"rtsp://h/","port":-1}])", "\"port\""},
      {R"([{"rtsp_url":"rtsp://h/","port":"80"}])", "\"port\""},
      {R"([{"rtsp_url":"rtsp://h/","ptz":"yes"}])", "\"ptz\" must be true or false"},
      {R"([{"rtsp_url":"rtsp://h/","id":"../etc"}])", "\"id\" must be"},
      {R"([{"rtsp_url":"rtsp://h/","id":".."}])", "\"id\" must be"},
      {R"([{"rtsp_url":"rtsp://h/","id":"a"},{"rtsp_url":"rtsp://h/","id":"a"}])",
       "two cameras have the id \"a\""},
      {R"([{"rtsp_url":"rtsp://h/","profiles":{}}])", "\"profiles\" must be an array"},
      {R"([{"rtsp_url":"rtsp://h/","profiles":[7]}])", "camera 1, profile 1 must be an object"},
      {R"([{"rtsp_url":"rtsp://h/","profiles":[{"video":{"width":"w"}}]}])", "\"video\""},
      {R"([{"rtsp_url":"rtsp://h/","credentials":"u:p"}])", "\"credentials\" must be an object"},
      {"[" + std::string(100, '[') + std::string(100, ']') + "]", "nested too deeply"},
      {"[" + std::string(1'000'000, '['), "nested too deeply"},
      {R"([{"rtsp_url":"rtsp://h/","n":1e999}])", "cameras.json"},
      {R"([{"rtsp_url":"rtsp://)" + std::string(5000, 'h') + R"(/"}])", "\"rtsp_url\""},
      {R"([{"rtsp_url":"rtsp://h/","name":")" + std::string(5000, 'n') + R"("}])", "\"name\" is too long"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.json.substr(0, 80));
    const std::string message = error_of(c.json);
    CAPTURE(message);
    CHECK(message.find(c.expected) != std::string::npos);
    CHECK(message.starts_with("cameras.json: "));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("errors never show a password") {
  for (const std::string json :
       {R"([{"rtsp_url":"rtsp://admin:geheim@10.0.0.5/a)", R"([{"rtsp_url":"rtsp://admin:geheim@:99999/"}])",
        R"([{"password":"geheim" "x"}])", R"([{"rtsp_url":"rtsp://admin:geheim@h/ space"}])"})
    CHECK(error_of(json).find("geheim") == std::string::npos);
}

TEST_CASE("bounds of the file") {
  std::string many = "[";
  for (std::size_t i = 0; i <= kMaxCameras; ++i) many += i == 0 ? "{}" : ",{}";
  CHECK(error_of(many + "]").find("more than") != std::string::npos);
  CHECK(error_of(std::string(kMaxCamerasFile + 1, ' ')).find("larger than") != std::string::npos);
  std::string values = "[[";
  for (std::size_t i = 0; i <= kMaxCamerasValues; ++i) values += "0,";
  CHECK(error_of(values).find("too many values") != std::string::npos);
}

TEST_CASE("cameras are found by id, number and name") {
  const auto cameras =
      parse(R"([{"rtsp_url":"rtsp://h/1","name":"Front door"},{"rtsp_url":"rtsp://h/2","id":"yard"}])");
  CHECK(find_camera(cameras, "stream_0")->rtsp_url == "rtsp://h/1");
  CHECK(find_camera(cameras, "0")->rtsp_url == "rtsp://h/1");
  CHECK(find_camera(cameras, "Front door")->rtsp_url == "rtsp://h/1");
  CHECK(find_camera(cameras, "yard")->rtsp_url == "rtsp://h/2");
  const auto none = find_camera(cameras, "1");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::kNotFound);
  CHECK(none.error().hint == "there are stream_0 (Front door), yard");
  CHECK_FALSE(find_camera({}, "0"));
}

TEST_CASE("two cameras of one name are told apart by id") {
  const auto cameras =
      parse_cameras(R"([{"ip":"10.0.0.1","name":"Door"},{"ip":"10.0.0.2","name":"Door"}])", "cameras.json");
  REQUIRE(cameras);
  const auto found = find_camera(*cameras, "Door");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ErrorCode::kUsage);
  CHECK(found.error().hint.find("stream_0, stream_1") != std::string::npos);
  CHECK(find_camera(*cameras, "1")->ip == "10.0.0.2");
}

TEST_CASE("an empty file is called so") {
  for (const char* text : {"", " \n"}) {
    const auto cameras = parse_cameras(text, "cameras.json");
    REQUIRE_FALSE(cameras);
    CHECK(cameras.error().message == "cameras.json: the list is empty, not even []");
  }
}

TEST_CASE("files are written whole, and closed to others where they hold a password") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("camctl-camera-test-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / "cameras.json";
  auto cameras = parse(R"([{"rtsp_url":"rtsp://u:geheim@10.0.0.5/a","name":"Größe"}])");
  cameras[0].model = "bad \xff bytes";
  REQUIRE(save_cameras(path, cameras, false));
  auto loaded = load_cameras(path);
  REQUIRE(loaded);
  CHECK((*loaded)[0].name == "Größe");
  CHECK((*loaded)[0].model == "bad \xEF\xBF\xBD bytes");
  CHECK((*loaded)[0].credentials.empty());
  using std::filesystem::perms;
  REQUIRE(save_cameras(path, cameras, true));
  CHECK((std::filesystem::status(path).permissions() & (perms::group_all | perms::others_all)) ==
        perms::none);
  CHECK((*load_cameras(path))[0].credentials == Credentials{"u", Secret("geheim")});
  const auto missing = load_cameras(folder / "none.json");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  std::filesystem::remove_all(folder);
}
