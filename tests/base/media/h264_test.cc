#include "base/media/h264.h"

#include <doctest/doctest.h>

#include "tests/base/media/hex.h"

namespace camctl::media {
namespace {

struct Case {
  const char* what;
  const char* sps;
  std::uint16_t width, height;
  FrameRate rate;
  int reorder;  // -1: not said
  const char* codec;
};

const Case kCases[] = {
    {"x264 high, 1080p25",
     "67640028acd940780227e5c044000003000400000300c83c60c658",
     1920,
     1080,
     {25, 1},
     2,
     "avc1.640028"},
    {"x264 baseline, 29.97",
     "6742c01ed900a02ff9701100000303e90000ea600f162e48",
     640,
     360,
     {30000, 1001},
     0,
     "avc1.42C01E"},
    {"x264 high, interlaced",
     "6764001eacd940b424d8088000000300800000190f8a14cb",
     720,
     576,
     {25, 1},
     2,
     "avc1.64001E"},
    {"x264 4:4:4, cropped",
     "67f4000d919b282a33c7c7e022000003000200000300641e28532c",
     322,
     178,
     {25, 1},
     2,
     "avc1.F4000D"},
};

TEST_CASE("sequence parameter sets of encoders") {
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    const auto nal = from_hex(c.sps);
    const auto sps = parse_h264_sps(nal);
    REQUIRE(sps.has_value());
    CHECK(sps->width == c.width);
    CHECK(sps->height == c.height);
    CHECK(sps->frame_rate == c.rate);
    CHECK((sps->max_reorder ? int{*sps->max_reorder} : -1) == c.reorder);
    CHECK(h264_codec_string(nal) == c.codec);
  }
}

TEST_CASE("a set that breaks off is refused or keeps what it had said") {
  for (const auto& c : kCases) {
    const auto nal = from_hex(c.sps);
    for (std::size_t size = 0; size < nal.size(); ++size) {
      const auto sps = parse_h264_sps(ByteView(nal).first(size));
      if (sps) CHECK(sps->width == c.width);
    }
  }
}

TEST_CASE("hostile sets are refused") {
  for (const auto* hex : {"", "67", "6842001e", "65640028acd9407802", "67640028ffffffffffffffffff",
                          "674200290000000000000000000000"}) {
    CAPTURE(hex);
    const auto sps = parse_h264_sps(from_hex(hex));
    REQUIRE_FALSE(sps.has_value());
    CHECK(sps.error().code == ErrorCode::kProtocol);
  }
}

TEST_CASE("avcC is written and read back") {
  for (const auto& c : kCases) {
    VideoInfo video;
    video.codec = Codec::kH264;
    video.sps = from_hex(c.sps);
    video.pps = from_hex("68ebe3cb22c0");
    const auto record = make_avcc(video);
    REQUIRE(record.has_value());
    const auto config = parse_avcc(*record);
    REQUIRE(config.has_value());
    CHECK(config->length_bytes == 4);
    CHECK(config->sets.sps == video.sps);
    CHECK(config->sets.pps == video.pps);
    for (std::size_t size = 0; size < record->size(); ++size) (void)parse_avcc(ByteView(*record).first(size));
  }
}

TEST_CASE("avcC of a high profile tells chroma and depth") {
  VideoInfo video;
  video.sps = from_hex(kCases[0].sps);
  video.pps = from_hex("68");
  const auto record = make_avcc(video);
  REQUIRE(record.has_value());
  CHECK(Bytes(record->end() - 4, record->end()) == from_hex("fdf8f800"));
}

TEST_CASE("extradata in Annex B") {
  const auto config =
      parse_avcc(from_hex("00000001"
                          "6742c01ed9"
                          "00000001"
                          "68cb83cb20"));
  REQUIRE(config.has_value());
  CHECK(config->sets.sps == from_hex("6742c01ed9"));
  CHECK(config->sets.pps == from_hex("68cb83cb20"));
}

TEST_CASE("no avcC without parameter sets") { CHECK_FALSE(make_avcc(VideoInfo{}).has_value()); }

}  // namespace
}  // namespace camctl::media
