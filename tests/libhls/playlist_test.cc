#include "libhls/playlist.h"

#include <doctest/doctest.h>

#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

SegmentPtr segment(std::uint64_t number, MediaTime duration, std::uint64_t discontinuities = 0,
                   bool discontinuity = false, std::uint32_t init = 0) {
  auto out = std::make_shared<Segment>();
  out->number = number;
  out->duration = duration;
  out->discontinuity_sequence = discontinuities;
  out->discontinuity = discontinuity;
  out->init_version = init;
  out->info = make_info(h264_info(), aac_info());
  out->program_date_time = std::chrono::system_clock::time_point(1'700'000'000s + 2s * number + 5ms);
  out->bytes = 250'000;
  for (int i = 0; i < 50; ++i)
    out->units.push_back(std::make_shared<const media::AccessUnit>(video_unit(i * kFrame, i == 0)));
  return out;
}

TEST_CASE("media playlists of one segmentation") {
  WindowState state;
  state.target_duration = 4s;
  state.classic = state.segments = {segment(7, 180'000 * MediaTime(1)), segment(8, 183'600 * MediaTime(1))};
  CHECK(ts_media_playlist(state).value() ==
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-INDEPENDENT-"
        "SEGMENTS\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:34.005Z\n#EXTINF:2.00000,\nplaylist7.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:36.005Z\n#EXTINF:2.04000,\nplaylist8.ts\n");
  CHECK(fmp4_media_playlist(state, "/x/").value() ==
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-INDEPENDENT-"
        "SEGMENTS\n"
        "#EXT-X-MAP:URI=\"/x/init-0.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:34.005Z\n#EXTINF:2.00000,\n/x/seg7.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:36.005Z\n#EXTINF:2.04000,\n/x/seg8.m4s\n");
}

TEST_CASE("discontinuities: the sequence counts those that have left, the tag stands before its segment") {
  WindowState state;
  state.target_duration = 4s;
  const auto has = [&](std::string_view text) {
    return fmp4_media_playlist(state)->find(text) != std::string::npos;
  };
  state.classic =
      state.segments = {segment(3, kSecond * MediaTime(1)), segment(4, kSecond * MediaTime(1), 1, true, 1)};
  CHECK_FALSE(has("DISCONTINUITY-SEQUENCE"));
  CHECK(has("seg3.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-1.mp4\"\n#EXT-X-PROGRAM-DATE-TIME"));

  // The segment behind the discontinuity is now the first: its tag is still there, so it does not count yet.
  state.classic.pop_front();
  CHECK(has("#EXT-X-DISCONTINUITY-SEQUENCE:0\n"));
  CHECK(has("#EXT-X-DISCONTINUITY\n"));

  state.classic = state.segments = {segment(5, kSecond * MediaTime(1), 1, false, 1)};
  CHECK(has("#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
  CHECK_FALSE(has("#EXT-X-DISCONTINUITY\n"));
}

TEST_CASE("a playlist of segments that do not start with key frames does not claim so; a finite one ends") {
  WindowState state;
  state.target_duration = 4s;
  state.independent = false;
  state.ended = true;
  state.classic = state.segments = {segment(0, kSecond * MediaTime(1))};
  const auto text = ts_media_playlist(state).value();
  CHECK(text.find("INDEPENDENT") == std::string::npos);
  CHECK(text.ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("no playlist before the first segment") {
  const WindowState state;
  CHECK(ts_media_playlist(state).error().code == ErrorCode::kNotFound);
  CHECK(fmp4_media_playlist(state).error().code == ErrorCode::kNotFound);
  CHECK(variant(state, {}, "media.m3u8").error().code == ErrorCode::kNotFound);
}

TEST_CASE("the multivariant playlist") {
  WindowState state;
  state.target_duration = 4s;
  state.classic =
      state.segments = {segment(0, 2 * kSecond * MediaTime(1)), segment(1, 2 * kSecond * MediaTime(1))};
  std::vector<Variant> variants{
      variant(state, *make_info(h264_info(), aac_info()), "main/media.m3u8").value()};
  const std::string first =
      "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=1104840,AVERAGE-BANDWIDTH=1004400,CODECS=\"avc1.640028,mp4a.40.2\","
      "RESOLUTION=1920x1080,FRAME-RATE=25.000\nmain/media.m3u8\n";
  CHECK(multivariant_playlist(variants) == first);
  variants.push_back({"#EXT-X-STREAM-INF:BANDWIDTH=1\nsub/media.m3u8\n"});
  CHECK(multivariant_playlist(variants) == first + variants[1].text);
  variants[1].independent = false;
  CHECK(multivariant_playlist(variants).find("INDEPENDENT") == std::string::npos);
}

TEST_CASE("frame rates that a camera declares wrongly are measured") {
  WindowState state;
  state.target_duration = 4s;
  state.classic = state.segments = {segment(0, 2 * kSecond * MediaTime(1))};
  for (const auto& rate : {media::FrameRate{90'000, 1}, media::FrameRate{0, 1}, media::FrameRate{50, 1}}) {
    auto video = h264_info();
    video.frame_rate = rate;
    CHECK(variant(state, *make_info(video, std::nullopt), "m")->text.find("FRAME-RATE=25.000") !=
          std::string::npos);
  }
  auto ntsc = h264_info();
  ntsc.frame_rate = {30'000, 1'001};
  state.classic = state.segments = {segment(0, MediaTime(150'150))};
  CHECK(variant(state, *make_info(ntsc, std::nullopt), "m")->text.find("FRAME-RATE=29.970") !=
        std::string::npos);
}

TEST_CASE("bit rates count the audio that an encoder makes") {
  WindowState state;
  state.target_duration = 4s;
  auto g711 = aac_info();
  g711.codec = media::Codec::kPcma;
  auto one = std::make_shared<Segment>(*segment(0, 2 * kSecond * MediaTime(1)));
  one->info = make_info(h264_info(), g711);
  state.classic = state.segments = {one};
  CHECK(variant(state, *make_info(h264_info(), aac_info()), "m")->text.find("AVERAGE-BANDWIDTH=1196400,") !=
        std::string::npos);
}

TEST_CASE("codec strings of what the packagers write") {
  auto g711 = aac_info();
  g711.codec = media::Codec::kPcma;
  CHECK(codecs(*make_info(h264_info(), aac_info())) == "avc1.640028,mp4a.40.2");
  CHECK(codecs(*make_info(h265_info(), g711)) == "hvc1.1.6.L120.90");
  CHECK(codecs(*make_info(std::nullopt, aac_info())) == "mp4a.40.2");
}

}  // namespace
}  // namespace camctl::hls
