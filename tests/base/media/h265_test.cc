#include "base/media/h265.h"

#include <doctest/doctest.h>

#include "tests/base/media/hex.h"

namespace camctl::media {
namespace {

struct Case {
  const char* what;
  const char* sps;
  std::uint16_t width, height;
  FrameRate rate;
  int reorder, depth;
  const char* codec;
};

const Case kCases[] = {
    {"x265 main, 1080p25",
     "420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84",
     1920,
     1080,
     {25, 1},
     2,
     8,
     "hvc1.1.6.L120.90"},
    {"x265 main10, scaling lists, 50 fps",
     "420101022000000300900000030000030078a00280802d1f4d964a924e5780b404000003000400000300c820",
     1280,
     718,
     {50, 1},
     0,
     10,
     "hvc1.2.4.L120.90"},
};

VideoInfo video_of(const Case& c) {
  VideoInfo video;
  video.codec = Codec::kH265;
  video.vps = from_hex("40010c01ffff016000000300900000030000030078959809");
  video.sps = from_hex(c.sps);
  video.pps = from_hex("4401c172b46240");
  return video;
}

TEST_CASE("sequence parameter sets of encoders") {
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    const auto sps = parse_h265_sps(from_hex(c.sps));
    REQUIRE(sps.has_value());
    CHECK(sps->width == c.width);
    CHECK(sps->height == c.height);
    CHECK(sps->frame_rate == c.rate);
    CHECK(int{sps->max_reorder} == c.reorder);
    CHECK(int{sps->bit_depth_luma} == c.depth);
    CHECK(h265_codec_string(*sps) == c.codec);
  }
}

TEST_CASE("codec strings") {
  H265Sps sps;
  sps.profile_space = 1;
  sps.profile_idc = 4;
  sps.compatibility_flags = 1u << 27;
  sps.high_tier = true;
  sps.level_idc = 153;
  CHECK(h265_codec_string(sps) == "hvc1.A4.10.H153");
  sps.constraints = {0xb0, 0, 0x23, 0, 0, 0};
  CHECK(h265_codec_string(sps) == "hvc1.A4.10.H153.B0.0.23");
}

TEST_CASE("a set that breaks off is refused or keeps what it had said") {
  for (const auto& c : kCases) {
    const auto nal = from_hex(c.sps);
    for (std::size_t size = 0; size < nal.size(); ++size) {
      const auto sps = parse_h265_sps(ByteView(nal).first(size));
      if (sps) CHECK(sps->width == c.width);
    }
  }
}

TEST_CASE("hvcC is written and read back") {
  for (const auto& c : kCases) {
    const auto video = video_of(c);
    const auto record = make_hvcc(video);
    REQUIRE(record.has_value());
    const auto config = parse_hvcc(*record);
    REQUIRE(config.has_value());
    CHECK(config->length_bytes == 4);
    CHECK(config->sets == ParameterSets{video.vps, video.sps, video.pps});
    for (std::size_t size = 0; size < record->size(); ++size) (void)parse_hvcc(ByteView(*record).first(size));
  }
}

TEST_CASE("no hvcC without all three sets") {
  auto video = video_of(kCases[0]);
  video.vps.clear();
  CHECK_FALSE(make_hvcc(video).has_value());
  CHECK_FALSE(make_hvcc(VideoInfo{}).has_value());
}

}  // namespace
}  // namespace camctl::media
