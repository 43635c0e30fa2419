#include "apps/simulate/clip.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "apps/simulate/encode.h"
#include "base/media/h264.h"

using namespace camctl;
using namespace camctl::simulate;
using namespace std::chrono_literals;
using media::Codec;
using media::TrackKind;
namespace fs = std::filesystem;

namespace {

PictureOptions small(Codec audio = Codec::kUnknown) {
  return {.name = "Test 1",
          .audio = audio,
          .width = 160,
          .height = 96,
          .fps = 10,
          .gop = 20,
          .bitrate_kbps = 100};
}

class Folder {
 public:
  Folder() : path(fs::temp_directory_path() / ("camctl-clips-" + std::to_string(::getpid()))) {
    fs::remove_all(path);
  }
  ~Folder() { fs::remove_all(path); }
  fs::path film() const {
    for (const auto& entry : fs::directory_iterator(path)) return entry.path();
    return {};
  }
  fs::path path;
};

std::size_t count(const Clip& clip, TrackKind kind) {
  return static_cast<std::size_t>(
      std::ranges::count_if(clip.units, [kind](const ClipUnit& unit) { return unit.track == kind; }));
}

// What a clip must be to loop without a seam.
void check_loops(const Clip& clip) {
  REQUIRE(!clip.units.empty());
  CHECK(clip.units.front().key);
  CHECK(clip.units.front().track == TrackKind::kVideo);
  CHECK(clip.units.front().due == 0us);
  CHECK(std::ranges::is_sorted(clip.units, {}, &ClipUnit::due));
  CHECK(clip.units.back().due < clip.duration);
  std::map<TrackKind, media::Ticks> last;
  for (const auto& unit : clip.units) {
    if (last.contains(unit.track)) CHECK(unit.pts > last[unit.track]);
    last[unit.track] = unit.pts;
    CHECK_FALSE(unit.data.empty());
  }
}

}  // namespace

TEST_CASE("a picture with AAC: whole groups, whole frames, the rate asked for") {
  ClipLibrary library{fs::path()};
  const auto clip = library.picture(small(Codec::kAac));
  REQUIRE(clip);
  check_loops(**clip);
  CHECK((*clip)->duration == 8s);
  CHECK(count(**clip, TrackKind::kVideo) == 80);
  CHECK(count(**clip, TrackKind::kAudio) == 125);
  const auto s = summary(**clip);
  CHECK(s.video == Codec::kH264);
  CHECK(s.audio == Codec::kAac);
  CHECK(s.width == 160);
  CHECK(s.height == 96);
  CHECK(s.fps == 10);
  CHECK(s.gop == 20);
  CHECK(s.audio_sample_rate == 16'000);
  CHECK(s.audio_channels == 1);
  CHECK(s.bitrate_kbps > 80);
  CHECK(s.bitrate_kbps < 130);
  const auto& video = *(*clip)->info->video;
  const auto sps = media::parse_h264_sps(video.sps);
  REQUIRE(sps);
  CHECK(sps->width == 160);
  CHECK(snapshot_jpeg(**clip).starts_with("\xff\xd8\xff"));
  CHECK(library.picture(small(Codec::kAac)).value() == *clip);  // one clip for equal options
}

TEST_CASE("a picture with G.711 and one without sound") {
  ClipLibrary library{fs::path()};
  auto options = small();
  options.audio = Codec::kPcmu;
  auto clip = library.picture(options);
  REQUIRE(clip);
  check_loops(**clip);
  CHECK(count(**clip, TrackKind::kAudio) == 200);
  CHECK((*clip)->info->audio->codec == Codec::kPcmu);
  options.audio = Codec::kUnknown;
  clip = library.picture(options);
  REQUIRE(clip);
  CHECK_FALSE((*clip)->info->audio);
  CHECK(count(**clip, TrackKind::kAudio) == 0);
}

TEST_CASE("a picture in H.265") {
  ClipLibrary library{fs::path()};
  auto options = small();
  options.video = Codec::kH265;
  const auto clip = library.picture(options);
  if (!clip && clip.error().code == ErrorCode::kUnsupported) return;  // libavcodec without libx265
  REQUIRE(clip);
  check_loops(**clip);
  CHECK((*clip)->info->video->codec == Codec::kH265);
  CHECK_FALSE((*clip)->info->video->vps.empty());
  CHECK(summary(**clip).gop == 20);
}

TEST_CASE("encoded pictures are kept, and made again where the kept one is broken") {
  const Folder folder;
  const auto first = ClipLibrary(folder.path).picture(small());
  REQUIRE(first);
  REQUIRE(fs::exists(folder.film()));
  const auto size = fs::file_size(folder.film());
  const auto again = ClipLibrary(folder.path).picture(small());
  REQUIRE(again);
  CHECK((*again)->units.size() == (*first)->units.size());
  CHECK((*again)->units.back().data == (*first)->units.back().data);
  std::ofstream(folder.film(), std::ios::trunc) << "broken";
  REQUIRE(ClipLibrary(folder.path).picture(small()));
  CHECK(fs::file_size(folder.film()) == size);
}

TEST_CASE("options that make no picture are refused") {
  ClipLibrary library{fs::path()};
  const auto refused = [&](auto change) {
    auto options = small();
    change(options);
    const auto clip = library.picture(options);
    return !clip && clip.error().code == ErrorCode::kUsage;
  };
  CHECK(refused([](auto& o) { o.width = 161; }));
  CHECK(refused([](auto& o) { o.height = 0; }));
  CHECK(refused([](auto& o) { o.fps = 0; }));
  CHECK(refused([](auto& o) { o.gop = 0; }));
  CHECK(refused([](auto& o) { o.bitrate_kbps = 0; }));
}

TEST_CASE("a video file is played as it is") {
  const Folder folder;
  fs::create_directories(folder.path);
  const auto path = folder.path / "a film: odd name.mov";
  std::ofstream(path, std::ios::binary) << encode_film(small()).value();
  ClipLibrary library{fs::path()};
  const auto clip = library.file(path);
  REQUIRE(clip);
  check_loops(**clip);
  CHECK((*clip)->duration == 8s);

  std::ofstream(folder.path / "text.mp4") << "not a film";
  const auto bad = library.file(folder.path / "text.mp4");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message.find("text.mp4") != std::string::npos);
  CHECK(library.file(folder.path / "none.mp4").error().code == ErrorCode::kNotFound);
}

TEST_CASE("many pictures at once, in their order") {
  ClipLibrary library{fs::path()};
  std::vector<PictureOptions> wanted(3, small());
  wanted[1].name = "Test 2";
  wanted[2].width = 3;
  const auto made = library.pictures(wanted);
  REQUIRE(made.size() == 3);
  REQUIRE(made[0]);
  REQUIRE(made[1]);
  CHECK_FALSE(made[2]);
  CHECK((*made[0])->units.front().data != (*made[1])->units.front().data);
}
