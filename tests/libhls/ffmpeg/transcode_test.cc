#include <doctest/doctest.h>

#include <algorithm>

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

// Gives each picture a duration, as what comes from another stream has one.
struct Placed final : media::Source, private media::SourceSink {
  explicit Placed(std::unique_ptr<media::Source> source) : inner(std::move(source)) {}
  void start(EventLoop& loop, media::SourceSink& to) override {
    sink = &to;
    inner->start(loop, *this);
  }
  void stop() override { inner->stop(); }
  void on_stream(media::StreamInfoPtr info) override { sink->on_stream(std::move(info)); }
  void on_access_unit(media::AccessUnit unit) override {
    if (unit.track == media::TrackKind::kVideo) unit.duration = kDuration;
    sink->on_access_unit(std::move(unit));
  }
  void on_end(Result<void> reason) override { sink->on_end(std::move(reason)); }

  static constexpr media::Ticks kDuration = 3601;
  std::unique_ptr<media::Source> inner;
  media::SourceSink* sink = nullptr;
};

TEST_CASE("transcode: beside its source, pictures keep its times and key frames, and are known beforehand") {
  const tests::MediaFolder folder;
  hls::FfmpegSourceOptions options;
  options.url = hls::file_url(folder.make(
      "gop.mp4",
      tests::picture(2) + " -c:v libx264 -preset ultrafast -bf 2 -g 10 -keyint_min 10 -sc_threshold 0"));
  options.allow_files = true;
  tests::Collector plain;
  plain.run(hls::make_ffmpeg_source(options));
  hls::TranscodeOptions transcode;
  transcode.height = 60;
  transcode.bitrate = transcode.maxrate = 300'000;
  transcode.key_interval = std::chrono::seconds(4);
  transcode.beside_source = true;
  const auto promised = hls::transcoded_video(*plain.infos.front()->video, transcode);
  REQUIRE_MESSAGE(promised, promised.error().message);
  tests::Collector collector;
  collector.run(hls::transcoded(
      [options] { return std::make_unique<Placed>(hls::make_ffmpeg_source(options)); }, transcode)());

  REQUIRE(collector.infos.size() == 1);
  CHECK(*collector.infos.front()->video == *promised);
  CHECK(promised->width == 80);
  REQUIRE(collector.units.size() == plain.units.size());
  std::vector<media::Ticks> times, keys;
  for (const auto& unit : plain.units) {
    times.push_back(unit.pts);
    if (unit.key) keys.push_back(unit.pts);
  }
  std::ranges::sort(times);
  CHECK(keys.size() == 5);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto& unit = collector.units[i];
    CHECK(unit.pts == times[i]);
    CHECK(unit.dts == unit.pts);
    CHECK(unit.duration == Placed::kDuration);
    CHECK(unit.key == (std::ranges::find(keys, unit.pts) != keys.end()));
  }
}

TEST_CASE("transcode: never enlarged, and a rate that follows from the size") {
  media::VideoInfo video;
  video.codec = media::Codec::kH265;
  video.width = 640;
  video.height = 360;
  hls::TranscodeOptions transcode;
  transcode.bitrate = transcode.maxrate = 0;
  transcode.height = 1080;
  const auto output = hls::transcoded_video(video, transcode);
  REQUIRE_MESSAGE(output, output.error().message);
  CHECK(output->height == 360);
  CHECK(output->codec == media::Codec::kH264);
  CHECK(!output->sps.empty());
  CHECK(hls::automatic_bitrate(*output) == 345'600);
  video.height = 0;
  CHECK(hls::transcoded_video(video, transcode).error().code == ErrorCode::kProtocol);
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
