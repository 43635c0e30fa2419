#include "apps/serve/gop_memory.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

struct Folder {
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("camctl-gops-" + std::to_string(getpid()));
  std::filesystem::path file = path / "cameras.learned.json";
};

TEST_CASE("what a run learns settles the next one") {
  const Folder folder;
  GopMemory first(folder.file);
  CHECK_FALSE(first.last_run("a"));
  first.learn("a", 2'040ms, 10s);
  first.learn("a", 1'000ms, 20s);  // a shorter one since
  first.learn("b", 4'500ms, 10s);
  first.learn("c", 90s, 10s);
  first.learn("d", 0ms, 10s);
  CHECK_FALSE(first.last_run("a"));  // this run's target durations stay
  REQUIRE(first.save());
  GopMemory second(folder.file);
  CHECK(second.last_run("a") == 2s);
  CHECK(second.last_run("b") == 5s);
  CHECK(second.last_run("c") == kLongestTarget);
  CHECK_FALSE(second.last_run("d"));
  second.learn("b", 2s, 10s);
  second.learn("a", 2s, 7200s);
  second.learn("c", 3s, 7200s);
  REQUIRE(second.save());
  const GopMemory third(folder.file);
  CHECK(third.last_run("b") == 5s);
  CHECK(third.last_run("c") == 3s);
}

TEST_CASE("a file that is none of ours is as good as none, and one that can't be written is said once") {
  const Folder folder;
  for (const auto* text : {"", "[1]", "{", R"({"a":"2"})", R"({"a":0})", R"({"a":1e9})", R"({"a":-2})"}) {
    std::ofstream(folder.file) << text;
    CHECK_FALSE(GopMemory(folder.file).last_run("a"));
  }
  GopMemory nowhere(folder.path / "none" / "x.json");
  nowhere.learn("a", 2s, 1s);
  CHECK(nowhere.save().error().code == ErrorCode::kIo);
  nowhere.learn("a", 5s, 1s);
  CHECK(nowhere.save());
  GopMemory standard_input(GopMemory::path_for("-"));
  standard_input.learn("a", 2s, 1s);
  CHECK(standard_input.save());
  CHECK(GopMemory::path_for("x/cameras.json") == "x/cameras.learned.json");
}

TEST_CASE("the longest of what is declared and what was seen, of the profiles that are shown") {
  Camera camera;
  camera.rtsp_url = "rtsp://c/main";
  CHECK_FALSE(known_gop(camera, {}, std::nullopt));
  CHECK(known_gop(camera, {}, 3s) == 3s);
  const auto add = [&](const char* url, double fps, unsigned gop) {
    auto& profile = camera.profiles.emplace_back();
    profile.rtsp_url = url;
    profile.video.emplace();
    profile.video->fps = fps;
    profile.video->gop = gop;
  };
  add("rtsp://c/main", 25, 50);
  add("rtsp://c/sub", 10, 60);
  add("rtsp://c/other", 1, 900);
  CHECK(known_gop(camera, {}, std::nullopt) == 2s);
  CHECK(known_gop(camera, {}, 4s) == 4s);
  CHECK(known_gop(camera, {"rtsp://c/sub"}, std::nullopt) == 6s);
  CHECK(known_gop(camera, {"rtsp://c/other"}, std::nullopt) == kLongestTarget);
  camera.profiles[0].video->fps = 0;
  CHECK_FALSE(known_gop(camera, {}, std::nullopt));
}

}  // namespace
}  // namespace camctl::apps::serve
