#include "base/media/aac.h"

#include <doctest/doctest.h>

#include "tests/base/media/hex.h"

namespace camctl::media {
namespace {

TEST_CASE("AudioSpecificConfig") {
  struct Case {
    const char* config;
    int object_type;
    std::uint32_t rate;
    int channels;
    const char* codec;
  };
  for (const auto& c :
       {Case{"1190", 2, 48'000, 2, "mp4a.40.2"}, Case{"1408", 2, 16'000, 1, "mp4a.40.2"},
        Case{"1588", 2, 8'000, 1, "mp4a.40.2"}, Case{"0a10", 1, 44'100, 2, "mp4a.40.1"},
        Case{"2b118800", 2, 24'000, 2, "mp4a.40.5"}, Case{"eb098800", 2, 24'000, 1, "mp4a.40.29"},
        Case{"119056e500", 2, 48'000, 2, "mp4a.40.2"}, Case{"11b8", 2, 48'000, 8, "mp4a.40.2"}}) {
    CAPTURE(c.config);
    const auto bytes = from_hex(c.config);
    const auto config = parse_audio_specific_config(bytes);
    REQUIRE(config.has_value());
    CHECK(int{config->object_type} == c.object_type);
    CHECK(config->sample_rate == c.rate);
    CHECK(config->channels == c.channels);
    CHECK(aac_codec_string(bytes) == c.codec);
  }
}

TEST_CASE("configurations that are refused") {
  struct Case {
    const char* config;
    ErrorCode code;
  };
  for (const auto& c : {Case{"", ErrorCode::kProtocol}, Case{"11", ErrorCode::kProtocol},
                        Case{"1690", ErrorCode::kProtocol} /* rate index 13 */,
                        Case{"6190", ErrorCode::kUnsupported} /* not AAC */}) {
    CAPTURE(c.config);
    const auto config = parse_audio_specific_config(from_hex(c.config));
    REQUIRE_FALSE(config.has_value());
    CHECK(config.error().code == c.code);
  }
}

TEST_CASE("a configuration that is made is read back") {
  for (const std::uint32_t rate : {8'000u, 16'000u, 44'100u, 48'000u, 96'000u, 12'345u}) {
    for (const std::uint16_t channels : {1, 2, 6, 8}) {
      CAPTURE(rate);
      const auto bytes = make_audio_specific_config(rate, channels);
      REQUIRE(bytes.has_value());
      const auto config = parse_audio_specific_config(*bytes);
      REQUIRE(config.has_value());
      CHECK(config->sample_rate == rate);
      CHECK(config->channels == channels);
      CHECK(config->object_type == 2);
    }
  }
  CHECK_FALSE(make_audio_specific_config(48'000, 7).has_value());
  CHECK_FALSE(make_audio_specific_config(0, 2).has_value());
}

TEST_CASE("ADTS headers are written and read back") {
  const auto config = parse_audio_specific_config(from_hex("1190"));
  for (const std::size_t payload : {std::size_t{0}, std::size_t{6}, std::size_t{700}, kMaxAdtsPayload}) {
    const auto header = make_adts_header(*config, payload);
    REQUIRE(header.has_value());
    const auto frame = parse_adts_header(*header);
    REQUIRE(frame.has_value());
    CHECK(frame->frame_bytes == payload + kAdtsHeaderBytes);
    CHECK(frame->header_bytes == kAdtsHeaderBytes);
    CHECK(frame->config.sample_rate == 48'000);
    CHECK(frame->config.channels == 2);
    CHECK(frame->config.object_type == 2);
    for (std::size_t size = 0; size < header->size(); ++size) {
      CHECK_FALSE(parse_adts_header(ByteView(*header).first(size)).has_value());
    }
  }
  CHECK_FALSE(make_adts_header(*config, kMaxAdtsPayload + 1).has_value());
  auto odd = *config;
  odd.sample_rate = 12'345;
  CHECK_FALSE(make_adts_header(odd, 100).has_value());
}

}  // namespace
}  // namespace camctl::media
