#include "base/media/aac.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/media/bit_reader.h"

namespace camctl::media {
namespace {

// ISO 14496-3 Table 1.18
constexpr std::array<std::uint32_t, 13> kSampleRates = {
    96'000, 88'200, 64'000, 48'000, 44'100, 32'000, 24'000, 22'050, 16'000, 12'000, 11'025, 8'000, 7'350};
constexpr std::uint32_t kExplicitRate = 15;
constexpr std::uint8_t kObjectSbr = 5, kObjectPs = 29;

// ISO 14496-3 Table 1.19
std::uint16_t channels_of(std::uint8_t config) { return config == 7 ? 8 : config < 7 ? config : 0; }

std::uint8_t read_object_type(BitReader& in) {
  const auto type = in.bits(5);
  return static_cast<std::uint8_t>(type == 31 ? 32 + in.bits(6) : type);
}

Result<std::uint32_t> read_sample_rate(BitReader& in) {
  const auto index = in.bits(4);
  const auto rate = index == kExplicitRate        ? in.bits(24)
                    : index < kSampleRates.size() ? kSampleRates[index]
                                                  : 0;
  if (rate == 0) return fail(ErrorCode::kProtocol, "AAC configuration: sample rate out of range");
  return rate;
}

// AAC Main, LC, SSR, LTP, and the error resilient forms that share their framing.
bool is_aac(std::uint8_t type) {
  return (type >= 1 && type <= 4) || type == 17 || type == 19 || type == 23 || type == 39;
}

int rate_index(std::uint32_t rate) {
  const auto* found = std::find(kSampleRates.begin(), kSampleRates.end(), rate);
  return found == kSampleRates.end() ? -1 : static_cast<int>(found - kSampleRates.begin());
}

}  // namespace

Result<AacConfig> parse_audio_specific_config(ByteView config) {
  BitReader in(config);
  AacConfig out;
  out.object_type = read_object_type(in);
  auto rate = read_sample_rate(in);
  if (!rate) return fail(rate.error());
  out.sample_rate = *rate;
  out.channel_config = static_cast<std::uint8_t>(in.bits(4));
  out.channels = channels_of(out.channel_config);
  if (out.object_type == kObjectSbr || out.object_type == kObjectPs) {
    out.sbr = true;
    out.ps = out.object_type == kObjectPs;
    if (auto extension = read_sample_rate(in); !extension) return fail(extension.error());
    out.object_type = read_object_type(in);
  }
  if (in.overrun()) return fail(ErrorCode::kProtocol, "AAC configuration: truncated");
  if (!is_aac(out.object_type)) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("MPEG-4 audio object type {} is not AAC", out.object_type));
  }
  if (in.flag()) out.frame_samples = 960;
  return out;
}

Result<Bytes> make_audio_specific_config(std::uint32_t sample_rate, std::uint16_t channels) {
  if (channels == 0 || channels > 8 || channels == 7) {
    return fail(ErrorCode::kUnsupported, fmt::format("AAC with {} channels", channels));
  }
  if (sample_rate == 0 || sample_rate >= 1u << 24) {
    return fail(ErrorCode::kUnsupported, fmt::format("AAC with {} samples per second", sample_rate));
  }
  const std::uint64_t channel_config = channels == 8 ? 7 : channels;
  const int index = rate_index(sample_rate);
  // 5 bits object type 2, the rate, 4 bits channels, 3 bits of zero (1024 samples, no core coder, no
  // extension).
  if (index >= 0) {
    const auto bits = std::uint64_t{2} << 11 | static_cast<std::uint64_t>(index) << 7 | channel_config << 3;
    return Bytes{static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  }
  const auto bits = std::uint64_t{2} << 35 | std::uint64_t{kExplicitRate} << 31 |
                    std::uint64_t{sample_rate} << 7 | channel_config << 3;
  Bytes out;
  for (int shift = 32; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(bits >> shift));
  return out;
}

Result<std::array<std::uint8_t, kAdtsHeaderBytes>> make_adts_header(const AacConfig& config,
                                                                    std::size_t payload) {
  const int index = rate_index(config.sample_rate);
  if (index < 0 || config.object_type < 1 || config.object_type > 4 || config.channel_config > 7) {
    return fail(ErrorCode::kUnsupported, "this AAC configuration does not fit into ADTS");
  }
  if (payload > kMaxAdtsPayload) return fail(ErrorCode::kUnsupported, "AAC frame too long for ADTS");
  const auto byte = [](auto value) { return static_cast<std::uint8_t>(value); };
  const auto length = payload + kAdtsHeaderBytes;
  // MPEG-4, layer 0, no CRC; buffer fullness 0x7ff (variable rate); one raw data block.
  return std::array<std::uint8_t, kAdtsHeaderBytes>{
      0xff,
      0xf1,
      byte((config.object_type - 1) << 6 | index << 2 | config.channel_config >> 2),
      byte((config.channel_config & 3) << 6 | static_cast<int>(length >> 11)),
      byte(length >> 3),
      byte((length & 7) << 5 | 0x1f),
      0xfc};
}

Result<AdtsFrame> parse_adts_header(ByteView data) {
  BitReader in(data);
  if (in.bits(12) != 0xfff) return fail(ErrorCode::kProtocol, "ADTS header: no sync word");
  in.skip(3);  // ID, layer
  AdtsFrame frame;
  if (!in.flag()) frame.header_bytes = 9;
  frame.config.object_type = static_cast<std::uint8_t>(in.bits(2) + 1);
  const auto index = in.bits(4);
  in.skip(1);
  frame.config.channel_config = static_cast<std::uint8_t>(in.bits(3));
  frame.config.channels = channels_of(frame.config.channel_config);
  in.skip(4);
  frame.frame_bytes = in.bits(13);
  in.skip(13);
  if (in.overrun()) return fail(ErrorCode::kProtocol, "ADTS header: truncated");
  if (index >= kSampleRates.size())
    return fail(ErrorCode::kProtocol, "ADTS header: sample rate out of range");
  if (frame.frame_bytes < frame.header_bytes)
    return fail(ErrorCode::kProtocol, "ADTS header: frame too short");
  frame.config.sample_rate = kSampleRates[index];
  return frame;
}

std::string aac_codec_string(ByteView audio_specific_config) {
  const auto config = parse_audio_specific_config(audio_specific_config);
  if (!config) return "mp4a.40.2";
  return fmt::format("mp4a.40.{}", config->ps ? kObjectPs : config->sbr ? kObjectSbr : config->object_type);
}

}  // namespace camctl::media
