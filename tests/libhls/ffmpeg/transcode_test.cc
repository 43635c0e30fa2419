#include <doctest/doctest.h>

#include "base/media/h264.h"
#include "libhls/ffmpeg_source.h"
#include "tests/libhls/ffmpeg/collector.h"
#include "tests/libhls/ffmpeg/media_file.h"

namespace camctl {
namespace {

TEST_CASE("transcode: each codec becomes H.264 of the wanted height, audio goes through") {
  struct Case {
    const char* name;
    const char* encode;
  };
  constexpr Case kCases[] = {
      {"h264.mp4", "-c:v libx264 -preset ultrafast -g 10 -c:a aac"},
      {"hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=error -c:a aac"},
      {"mjpeg.mkv", "-c:v mjpeg -c:a aac"},
  };
  const tests::MediaFolder folder;
  for (const auto& c : kCases) {
    CAPTURE(std::string(c.name));
    hls::FfmpegSourceOptions options;
    options.url =
        hls::file_url(folder.make(c.name, tests::picture(1) + ' ' + tests::tone(1, 16'000) + ' ' + c.encode));
    options.allow_files = true;
    hls::TranscodeOptions transcode;
    transcode.height = 60;
    transcode.preset = "ultrafast";
    transcode.key_interval = std::chrono::milliseconds(400);
    tests::Collector collector;
    collector.run(hls::transcoded([options] { return hls::make_ffmpeg_source(options); }, transcode)());

    REQUIRE(collector.end);
    CHECK(collector.end->has_value());
    REQUIRE(collector.infos.size() == 1);
    const auto& video = *collector.infos.front()->video;
    CHECK(video.codec == media::Codec::kH264);
    CHECK(video.width == 80);
    CHECK(video.height == 60);
    const auto sps = media::parse_h264_sps(video.sps);
    REQUIRE(sps);
    CHECK(sps->height == 60);
    CHECK(collector.count(media::TrackKind::kVideo) == 25);
    CHECK(collector.count(media::TrackKind::kAudio) > 5);
    int keys = 0;
    for (const auto& unit : collector.units)
      keys += unit.track == media::TrackKind::kVideo && unit.key ? 1 : 0;
    CHECK(keys == 3);
  }
}

TEST_CASE("transcode: an error of the source comes through") {
  hls::FfmpegSourceOptions options;
  options.url = hls::file_url("/nowhere/at/all.mp4");
  options.allow_files = true;
  tests::Collector collector;
  collector.run(hls::transcoded([options] { return hls::make_ffmpeg_source(options); }, {})());
  REQUIRE(collector.end);
  REQUIRE_FALSE(collector.end->has_value());
  CHECK(collector.end->error().code == ErrorCode::kIo);
}

}  // namespace
}  // namespace camctl
