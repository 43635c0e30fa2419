#include "libhls/still.h"

#include <doctest/doctest.h>

#include "libhls/ffmpeg_source.h"
#include "tests/libhls/ffmpeg/collector.h"
#include "tests/libhls/ffmpeg/media_file.h"

namespace camctl {
namespace {

struct KeyFrame {
  media::VideoInfo info;
  media::Bytes data;
};

KeyFrame key_frame(const tests::MediaFolder& folder, const char* name, const std::string& encode) {
  hls::FfmpegSourceOptions options;
  options.url = hls::file_url(folder.make(name, tests::picture(0.2) + ' ' + encode));
  options.allow_files = true;
  tests::Collector collector;
  collector.run(hls::make_ffmpeg_source(options));
  REQUIRE_FALSE(collector.units.empty());
  REQUIRE(collector.units.front().key);
  return {*collector.infos.front()->video, collector.units.front().data};
}

struct Size {
  int width = 0, height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

// From the frame header (ITU-T T.81 §B.2.2).
Size size_of(const media::Bytes& jpeg) {
  REQUIRE(jpeg.size() > 100);
  CHECK(jpeg[0] == 0xff);
  CHECK(jpeg[1] == 0xd8);
  CHECK(jpeg[jpeg.size() - 1] == 0xd9);
  for (std::size_t i = 2; i + 9 < jpeg.size();) {
    if (jpeg[i + 1] == 0xc0) return {jpeg[i + 7] << 8 | jpeg[i + 8], jpeg[i + 5] << 8 | jpeg[i + 6]};
    i += 2 + static_cast<std::size_t>(jpeg[i + 2] << 8 | jpeg[i + 3]);
  }
  return {};
}

TEST_CASE("still: a key frame of each codec becomes JPEGs of the wanted widths") {
  const tests::MediaFolder folder;
  for (const auto* encode :
       {"-c:v libx264 -preset ultrafast", "-c:v libx265 -preset ultrafast -x265-params log-level=error"}) {
    CAPTURE(std::string(encode));
    const auto key = key_frame(folder, "a.mp4", encode);
    const auto still = hls::Still::decode(key.info, key.data);
    REQUIRE(still);
    CHECK((*still)->width() == 160);
    CHECK((*still)->height() == 120);
    struct Case {
      unsigned width;
      Size expected;
    };
    for (const auto& c : {Case{0, {160, 120}}, Case{80, {80, 60}}, Case{81, {81, 61}}, Case{1, {1, 1}},
                          Case{160, {160, 120}}, Case{4000, {160, 120}}}) {
      CAPTURE(c.width);
      const auto jpeg = (*still)->jpeg(c.width);
      REQUIRE(jpeg);
      CHECK(size_of(*jpeg) == c.expected);
    }
  }
}

TEST_CASE("still: what is no picture is an error") {
  const tests::MediaFolder folder;
  const auto key = key_frame(folder, "a.mp4", "-c:v libx264 -preset ultrafast");
  media::VideoInfo unknown;
  CHECK(hls::Still::decode(unknown, key.data).error().code == ErrorCode::kUnsupported);
  CHECK(hls::Still::decode(key.info, {}).error().code == ErrorCode::kProtocol);
  CHECK(hls::Still::decode(key.info, media::Bytes{0, 0, 0, 200, 0x65, 1}).error().code ==
        ErrorCode::kProtocol);
  auto without_sets = key.info;
  without_sets.sps.clear();
  without_sets.pps.clear();
  CHECK_FALSE(hls::Still::decode(without_sets, key.data));
}

}  // namespace
}  // namespace camctl
