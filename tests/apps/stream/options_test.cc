#include "apps/stream/options.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace camctl::apps {
namespace {

// A cameras.json for one test.
class CameraFile {
 public:
  explicit CameraFile(std::string_view content) {
    std::string name = "/tmp/camctl-test-XXXXXX";
    ::close(mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~CameraFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_; }

 private:
  std::string path_;
};

StreamProgramOptions options_for(std::string camera, std::string user = "") {
  StreamProgramOptions options;
  options.camera = std::move(camera);
  if (user.empty())
    unsetenv("CAMCTL_PASSWORD");
  else
    setenv("CAMCTL_PASSWORD", "pw", 1);
  options.credentials.user = std::move(user);
  return options;
}

TEST_CASE("options: whose credentials a camera gets") {
  const CameraFile file(R"([{"ip":"10.0.0.1","port":80,"rtsp_url":"rtsp://10.0.0.1/a","name":"Door"},
      {"ip":"10.0.0.2","port":80,"rtsp_url":"rtsp://evil.example/b"}])");
  Settings settings;
  settings.cameras = file.path();
  CredentialEntry entry;
  entry.host = "evil.example";
  entry.credentials = {"configured", Secret("x")};
  settings.credentials.push_back(entry);

  SUBCASE("an address: those given, else its own, else the configuration's") {
    CHECK(choose_camera(options_for("rtsp://me:pw@h/x", "given"), settings)->address.credentials.user ==
          "given");
    CHECK(choose_camera(options_for("rtsp://me:pw@h/x"), settings)->address.credentials.user == "me");
    CHECK(choose_camera(options_for("rtsp://evil.example/x"), settings)->address.credentials.user ==
          "configured");
  }
  SUBCASE("a camera: those given, but only on the device itself") {
    const auto own = choose_camera(options_for("Door", "given"), settings);
    REQUIRE(own);
    CHECK(own->id == "stream_0");
    CHECK(own->address.credentials.user == "given");
    const auto other = choose_camera(options_for("stream_1", "given"), settings);
    REQUIRE(other);
    CHECK(other->address.credentials.user == "configured");
  }
  SUBCASE("nothing of that name") {
    CHECK(choose_camera(options_for("Window"), settings).error().code == ErrorCode::kNotFound);
    CHECK(choose_camera(options_for("rtsp://"), settings).error().code == ErrorCode::kUsage);
  }
}

}  // namespace
}  // namespace camctl::apps
