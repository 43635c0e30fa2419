#include "base/media/h265.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/media/bit_reader.h"

namespace camctl::media {
namespace {

// ISO 23008-2 Annex A.4: no side of a picture exceeds sqrt(8 x MaxLumaPs) of level 6.2, 16,888 samples.
constexpr std::uint32_t kMaxSide = 16'888;
constexpr std::uint32_t kMaxShortTermSets = 64;  // §7.4.3.2.1
constexpr std::uint32_t kMaxLongTermPics = 32;   // §7.4.3.2.1
constexpr std::uint32_t kMaxPicsPerSet = 16;     // sps_max_dec_pic_buffering_minus1 is 15 at most
constexpr std::uint32_t kMaxSubLayers = 7;
constexpr std::uint8_t kExtendedSar = 255;

Error bad_sps(std::string_view why) {
  return {ErrorCode::kProtocol, fmt::format("H.265 sequence parameter set: {}", why), {}};
}

// §7.3.3
void read_profile_tier_level(BitReader& in, unsigned sub_layers_minus1, H265Sps& sps) {
  sps.profile_space = static_cast<std::uint8_t>(in.bits(2));
  sps.high_tier = in.flag();
  sps.profile_idc = static_cast<std::uint8_t>(in.bits(5));
  sps.compatibility_flags = in.bits(32);
  for (auto& byte : sps.constraints) byte = static_cast<std::uint8_t>(in.bits(8));
  sps.level_idc = static_cast<std::uint8_t>(in.bits(8));
  std::array<bool, kMaxSubLayers> profile{}, level{};
  for (unsigned i = 0; i < sub_layers_minus1; ++i) {
    profile[i] = in.flag();
    level[i] = in.flag();
  }
  if (sub_layers_minus1 > 0) in.skip(2 * (8 - sub_layers_minus1));
  for (unsigned i = 0; i < sub_layers_minus1; ++i) {
    in.skip((profile[i] ? 88u : 0u) + (level[i] ? 8u : 0u));
  }
}

// §7.3.4
void skip_scaling_lists(BitReader& in) {
  for (unsigned size = 0; size < 4; ++size) {
    for (unsigned matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
      if (!in.flag()) {
        in.ue();
        continue;
      }
      const unsigned count = std::min(64u, 1u << (4 + 2 * size));
      if (size > 1) in.se();
      for (unsigned i = 0; i < count; ++i) in.se();
    }
  }
}

// §7.3.7; returns the set's number of pictures.
Result<std::uint32_t> skip_short_term_set(BitReader& in, bool predictable, std::uint32_t pictures_before) {
  if (predictable && in.flag()) {
    in.skip(1);
    in.ue();
    std::uint32_t pictures = 0;
    for (std::uint32_t i = 0; i <= pictures_before; ++i) {
      const bool used = in.flag();
      if (used || in.flag()) ++pictures;
    }
    return pictures;
  }
  const auto negative = in.ue(), positive = in.ue();
  if (negative > kMaxPicsPerSet || positive > kMaxPicsPerSet)
    return fail(bad_sps("reference set out of range"));
  for (std::uint32_t i = 0; i < negative + positive; ++i) {
    in.ue();
    in.skip(1);
  }
  return negative + positive;
}

Result<void> skip_reference_sets(BitReader& in, unsigned poc_bits) {
  const auto sets = in.ue();
  if (sets > kMaxShortTermSets) return fail(bad_sps("too many reference sets"));
  std::uint32_t pictures = 0;
  for (std::uint32_t i = 0; i < sets; ++i) {
    auto read = skip_short_term_set(in, i > 0, pictures);
    if (!read) return fail(read.error());
    pictures = *read;
    if (in.overrun()) return fail(bad_sps("truncated"));
  }
  if (in.flag()) {
    const auto long_term = in.ue();
    if (long_term > kMaxLongTermPics) return fail(bad_sps("too many long-term references"));
    in.skip(std::size_t{long_term} * (poc_bits + 1));
  }
  return {};
}

// Annex E.2.1 up to the timing; a VUI that breaks off leaves the frame rate unsaid.
void read_vui(BitReader& in, H265Sps& sps) {
  if (in.flag() && in.bits(8) == kExtendedSar) in.skip(32);
  if (in.flag()) in.skip(1);  // overscan
  if (in.flag()) {            // video signal type
    in.skip(4);
    if (in.flag()) in.skip(24);
  }
  if (in.flag()) {  // chroma sample location
    in.ue();
    in.ue();
  }
  in.skip(3);
  if (in.flag()) {  // default display window
    for (int i = 0; i < 4; ++i) in.ue();
  }
  if (!in.flag()) return;
  const auto units_in_tick = in.bits(32);
  const auto time_scale = in.bits(32);
  if (!in.overrun() && units_in_tick != 0) sps.frame_rate = reduced(time_scale, units_in_tick);
}

// Coding block sizes, scaling lists, PCM: everything between the ordering information and the reference sets.
void skip_coding_tools(BitReader& in) {
  for (int i = 0; i < 6; ++i) in.ue();
  if (in.flag() && in.flag()) skip_scaling_lists(in);
  in.skip(2);
  if (in.flag()) {
    in.skip(8);
    in.ue();
    in.ue();
    in.skip(1);
  }
}

Result<void> read_picture_size(BitReader& in, H265Sps& sps) {
  const auto chroma = in.ue();
  if (chroma > 3) return fail(bad_sps("chroma format out of range"));
  sps.chroma_format = static_cast<std::uint8_t>(chroma);
  const bool separate_planes = chroma == 3 && in.flag();
  const auto width = in.ue(), height = in.ue();
  if (width == 0 || height == 0 || width > kMaxSide || height > kMaxSide) {
    return fail(bad_sps("picture size out of range"));
  }
  std::uint64_t crop_x = 0, crop_y = 0;
  if (in.flag()) {
    const std::uint64_t unit_x = !separate_planes && (chroma == 1 || chroma == 2) ? 2 : 1;
    const std::uint64_t unit_y = !separate_planes && chroma == 1 ? 2 : 1;
    const std::uint64_t left = in.ue(), right = in.ue(), top = in.ue(), bottom = in.ue();
    crop_x = unit_x * (left + right);
    crop_y = unit_y * (top + bottom);
  }
  if (crop_x >= width || crop_y >= height) return fail(bad_sps("cropped to nothing"));
  sps.width = static_cast<std::uint16_t>(width - crop_x);
  sps.height = static_cast<std::uint16_t>(height - crop_y);
  return {};
}

}  // namespace

Result<H265Sps> parse_h265_sps(ByteView nal) {
  if (nal.size() < 16 || nal.size() > kMaxParameterSetBytes) return fail(bad_sps("wrong size"));
  if (classify(Codec::kH265, nal) != NalKind::kSps) return fail(bad_sps("another type of NAL unit"));
  const auto payload = unescape(nal.subspan(2));
  BitReader in(payload);
  H265Sps sps;
  in.skip(4);
  const auto sub_layers_minus1 = in.bits(3);
  if (sub_layers_minus1 >= kMaxSubLayers) return fail(bad_sps("too many temporal layers"));
  sps.temporal_layers = static_cast<std::uint8_t>(sub_layers_minus1 + 1);
  sps.temporal_id_nested = in.flag();
  read_profile_tier_level(in, sub_layers_minus1, sps);
  in.ue();  // sps_seq_parameter_set_id
  if (auto r = read_picture_size(in, sps); !r) return fail(r.error());
  const auto luma = in.ue(), chroma = in.ue(), poc_bits_minus4 = in.ue();
  if (luma > 8 || chroma > 8 || poc_bits_minus4 > 12) return fail(bad_sps("bit depth out of range"));
  sps.bit_depth_luma = static_cast<std::uint8_t>(8 + luma);
  sps.bit_depth_chroma = static_cast<std::uint8_t>(8 + chroma);
  const bool each_layer = in.flag();
  std::uint32_t reorder = 0;
  for (auto i = each_layer ? 0u : sub_layers_minus1; i <= sub_layers_minus1; ++i) {
    in.ue();
    reorder = in.ue();
    in.ue();
  }
  if (in.overrun()) return fail(bad_sps("truncated"));
  sps.max_reorder = static_cast<std::uint8_t>(std::min(reorder, 16u));
  // What follows only serves the frame rate: a set that is wrong there is still good for all else.
  skip_coding_tools(in);
  if (skip_reference_sets(in, poc_bits_minus4 + 4)) {
    in.skip(2);
    if (in.flag()) read_vui(in, sps);
  }
  return sps;
}

std::string h265_codec_string(const H265Sps& sps) {
  std::string out = "hvc1.";
  if (sps.profile_space > 0) out += static_cast<char>('A' + sps.profile_space - 1);
  std::uint32_t reversed = 0;
  for (unsigned i = 0; i < 32; ++i) reversed |= (sps.compatibility_flags >> i & 1) << (31 - i);
  out += fmt::format("{}.{:X}.{}{}", sps.profile_idc, reversed, sps.high_tier ? 'H' : 'L', sps.level_idc);
  auto used = sps.constraints.size();
  while (used > 0 && sps.constraints[used - 1] == 0) --used;
  for (std::size_t i = 0; i < used; ++i) out += fmt::format(".{:X}", sps.constraints[i]);
  return out;
}

Result<Bytes> make_hvcc(const VideoInfo& video) {
  const auto parsed = parse_h265_sps(video.sps);
  if (!parsed) return fail(parsed.error());
  const auto usable = [](const Bytes& set) { return !set.empty() && set.size() <= kMaxParameterSetBytes; };
  if (!usable(video.vps) || !usable(video.pps)) {
    return fail(ErrorCode::kProtocol, "H.265 parameter sets are missing or too long");
  }
  const auto byte = [](auto value) { return static_cast<std::uint8_t>(value); };
  const auto& sps = *parsed;
  Bytes out{1, byte(sps.profile_space << 6 | (sps.high_tier ? 0x20 : 0) | sps.profile_idc)};
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(byte(sps.compatibility_flags >> shift));
  out.insert(out.end(), sps.constraints.begin(), sps.constraints.end());
  out.push_back(sps.level_idc);
  // No spatial segmentation (0), parallelism not told (0), the formats, no average frame rate (0).
  for (const int value : {0xf0, 0x00, 0xfc, 0xfc | sps.chroma_format, 0xf8 | (sps.bit_depth_luma - 8),
                          0xf8 | (sps.bit_depth_chroma - 8), 0x00, 0x00}) {
    out.push_back(byte(value));
  }
  out.push_back(
      byte(sps.temporal_layers << 3 | (sps.temporal_id_nested ? 4 : 0) | 3 /* lengths of 4 bytes */));
  out.push_back(3);  // arrays
  const std::array<const Bytes*, 3> sets = {&video.vps, &video.sps, &video.pps};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    out.push_back(byte(0x80 | (32 + i)));  // complete: none in the samples
    out.push_back(0);
    out.push_back(1);
    out.push_back(byte(sets[i]->size() >> 8));
    out.push_back(byte(sets[i]->size()));
    out.insert(out.end(), sets[i]->begin(), sets[i]->end());
  }
  return out;
}

Result<DecoderConfig> parse_hvcc(ByteView record) {
  DecoderConfig config;
  if (record.size() >= 3 && record[0] == 0) {  // a start code: Annex B
    config.sets = collect_annexb(Codec::kH265, record).sets;
    return config;
  }
  const auto truncated = [] { return fail(ErrorCode::kProtocol, "H.265 decoder configuration: truncated"); };
  if (record.size() < 23) return truncated();
  config.length_bytes = (record[21] & 3) + 1;
  if (config.length_bytes == 3)
    return fail(ErrorCode::kProtocol, "H.265 decoder configuration: lengths of 3 bytes");
  std::size_t at = 23;
  for (unsigned arrays = record[22]; arrays > 0; --arrays) {
    if (record.size() - at < 3) return truncated();
    const unsigned count = static_cast<unsigned>(record[at + 1]) << 8 | record[at + 2];
    at += 3;
    for (unsigned i = 0; i < count; ++i) {
      if (record.size() - at < 2) return truncated();
      const std::size_t size = std::size_t{record[at]} << 8 | record[at + 1];
      at += 2;
      if (size > record.size() - at) return truncated();
      const auto nal = record.subspan(at, size);
      at += size;
      const auto kind = classify(Codec::kH265, nal);
      if (!is_parameter_set(kind) || size > kMaxParameterSetBytes) continue;
      auto& set = kind == NalKind::kVps   ? config.sets.vps
                  : kind == NalKind::kSps ? config.sets.sps
                                          : config.sets.pps;
      if (set.empty()) set.assign(nal.begin(), nal.end());
    }
  }
  return config;
}

}  // namespace camctl::media
