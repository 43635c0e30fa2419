#include <doctest/doctest.h>

#include "base/media/aac.h"
#include "base/media/nal.h"
#include "libhls/ffmpeg_source.h"
#include "tests/libhls/ffmpeg/collector.h"
#include "tests/libhls/ffmpeg/media_file.h"

namespace camctl {
namespace {

using hls::FfmpegSourceOptions;
using media::Codec;
using media::TrackKind;
using tests::Collector;
using tests::MediaFolder;

FfmpegSourceOptions file_options(std::string_view path) {
  FfmpegSourceOptions options;
  options.url = hls::file_url(path);
  options.allow_files = true;
  return options;
}

void read_file(Collector& collector, std::string_view path) {
  collector.run(hls::make_ffmpeg_source(file_options(path)));
  REQUIRE(collector.end);
  INFO((*collector.end ? std::string() : collector.end->error().message));
  CHECK(collector.end->has_value());
}

// Every NAL unit stands behind its length, and none is a parameter set or a delimiter.
void check_nal_form(const media::AccessUnit& unit, Codec codec) {
  media::LengthPrefixedReader reader(unit.data);
  bool picture = false, key = false;
  for (auto nal = reader.next(); !nal.empty(); nal = reader.next()) {
    const auto kind = media::classify(codec, nal);
    CHECK_FALSE(media::is_parameter_set(kind));
    CHECK(kind != media::NalKind::kAud);
    picture |= media::is_slice(kind);
    key |= kind == media::NalKind::kKeySlice;
  }
  CHECK_FALSE(reader.broken());
  CHECK(picture);
  CHECK(key == unit.key);
}

TEST_CASE("source: a file's tracks and units come out normalised, whatever the container") {
  struct Case {
    const char* name;
    const char* encode;
    Codec video;
    Codec audio;
    std::uint32_t sample_rate;
  };
  constexpr Case kCases[] = {
      {"avcc.mp4", "-c:v libx264 -preset ultrafast -g 10 -c:a aac", Codec::kH264, Codec::kAac, 16'000},
      {"annexb.ts", "-c:v libx264 -preset ultrafast -g 10 -c:a aac", Codec::kH264, Codec::kAac, 16'000},
      {"hevc.mkv", "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=10 -c:a pcm_alaw",
       Codec::kH265, Codec::kPcma, 16'000},
      {"mjpeg.mkv", "-c:v mjpeg -c:a pcm_mulaw", Codec::kMjpeg, Codec::kPcmu, 16'000},
  };
  const MediaFolder folder;
  for (const auto& c : kCases) {
    CAPTURE(std::string(c.name));
    const auto inputs = tests::picture(1) + ' ' + tests::tone(1, c.sample_rate) + ' ';
    Collector collector;
    read_file(collector, folder.make(c.name, inputs + c.encode));

    REQUIRE(collector.infos.size() == 1);
    const auto& info = *collector.infos.front();
    REQUIRE(info.video);
    REQUIRE(info.audio);
    CHECK(info.video->codec == c.video);
    CHECK(info.video->width == 160);
    CHECK(info.video->height == 120);
    CHECK(info.audio->codec == c.audio);
    CHECK(info.audio->sample_rate == c.sample_rate);
    CHECK(info.audio->channels == 1);
    CHECK(collector.count(TrackKind::kVideo) == 25);
    CHECK(collector.count(TrackKind::kAudio) > 0);
    if (c.audio == Codec::kAac) CHECK(media::parse_audio_specific_config(info.audio->config).has_value());
    for (const auto& unit : collector.units) {
      if (unit.track == TrackKind::kVideo && c.video != Codec::kMjpeg) check_nal_form(unit, c.video);
      if (unit.track == TrackKind::kAudio && c.audio == Codec::kAac)
        CHECK_FALSE(media::parse_adts_header(unit.data).has_value());
    }
  }
}

TEST_CASE("source: new parameter sets within a stream announce new tracks") {
  const MediaFolder folder;
  const auto small = folder.make("a.ts", tests::picture(0.4) + " -c:v libx264 -preset ultrafast");
  const auto large = folder.make("b.ts",
                                 "-f lavfi -i testsrc2=size=320x240:rate=25:duration=0.4 -c:v libx264 "
                                 "-preset ultrafast -output_ts_offset 0.4");
  const auto both = (folder.path() / "both.ts").string();
  REQUIRE(std::system(("cat " + small + ' ' + large + " > " + both).c_str()) == 0);
  Collector collector;
  read_file(collector, both);
  REQUIRE(collector.infos.size() == 2);
  CHECK(collector.infos[0]->video->width == 160);
  CHECK(collector.infos[1]->video->width == 320);
  CHECK(collector.units.size() == 20);
}

TEST_CASE("source: a looped file goes on growing, in real time") {
  const MediaFolder folder;
  auto options =
      file_options(folder.make("loop.mp4", tests::picture(0.2) + " -c:v libx264 -preset ultrafast"));
  options.loop_file = true;
  Collector collector;
  collector.stop_after = 12;  // 5 a turn
  const auto began = std::chrono::steady_clock::now();
  collector.run(hls::make_ffmpeg_source(options));
  REQUIRE(collector.units.size() == 12);
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(400));
  for (std::size_t i = 1; i < collector.units.size(); ++i)
    CHECK(collector.units[i].dts > collector.units[i - 1].dts);
  CHECK_FALSE(collector.end);
}

TEST_CASE("source: what can't be read says why") {
  struct Case {
    const char* url;
    ErrorCode code;
    const char* words;
  };
  constexpr Case kCases[] = {
      {"file:///nowhere/at/all.mp4", ErrorCode::kIo, "No such file"},
      {"gopher://127.0.0.1/x", ErrorCode::kUnsupported, "not allowed"},
      {"rtsp://joe:secret@127.0.0.1:1/x", ErrorCode::kNetwork, "refused"},
  };
  for (const auto& c : kCases) {
    CAPTURE(std::string(c.url));
    auto options = file_options("/nowhere/at/all.mp4");
    if (auto url = Url::parse(c.url)) options.url = *url;
    Collector collector;
    collector.run(hls::make_ffmpeg_source(options));
    REQUIRE(collector.end);
    REQUIRE_FALSE(collector.end->has_value());
    const auto& error = collector.end->error();
    CAPTURE(error.message);
    CHECK(error.code == c.code);
    CHECK(error.message.find(c.words) != std::string::npos);
    CHECK(error.message.find("secret") == std::string::npos);
  }
}

TEST_CASE("source: files are refused where they are not allowed") {
  auto options = file_options("/etc/hostname");
  options.allow_files = false;
  Collector collector;
  collector.run(hls::make_ffmpeg_source(options));
  REQUIRE(collector.end);
  CHECK(collector.end->error().code == ErrorCode::kUnsupported);
}

TEST_CASE("source: nothing reaches the sink once it is stopped") {
  const MediaFolder folder;
  auto options =
      file_options(folder.make("loop.mp4", tests::picture(0.2) + " -c:v libx264 -preset ultrafast"));
  options.loop_file = true;
  Collector collector;
  collector.stop_after = 1;
  auto source = hls::make_ffmpeg_source(options);
  collector.run(std::move(source));
  const auto seen = collector.units.size();
  Timer limit(collector.loop);
  CHECK(collector.units.size() == seen);
  CHECK_FALSE(collector.end);
}

}  // namespace
}  // namespace camctl
