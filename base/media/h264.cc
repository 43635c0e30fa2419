#include "base/media/h264.h"

#include <fmt/format.h>

#include "base/media/bit_reader.h"

namespace camctl::media {
namespace {

// ISO 14496-10 Table A-1 ends at 139,264 macroblocks a picture (level 6.2); no side is longer than this.
constexpr std::uint32_t kMaxMacroblocksPerSide = 1055;
// num_ref_frames_in_pic_order_cnt_cycle is 0 to 255 (§7.4.2.1.1).
constexpr std::uint32_t kMaxPocCycle = 255;
// cpb_cnt_minus1 is 0 to 31 (Annex E.2.2).
constexpr std::uint32_t kMaxCpbCount = 32;
constexpr std::uint8_t kExtendedSar = 255;

Error bad_sps(std::string_view why) {
  return {ErrorCode::kProtocol, fmt::format("H.264 sequence parameter set: {}", why), {}};
}

bool has_chroma_fields(std::uint8_t profile) {
  switch (profile) {
    case 44:
    case 83:
    case 86:
    case 100:
    case 110:
    case 118:
    case 122:
    case 128:
    case 134:
    case 135:
    case 138:
    case 139:
    case 244:
      return true;
    default:
      return false;
  }
}

void skip_scaling_list(BitReader& in, unsigned size) {
  std::int32_t last = 8, next = 8;
  for (unsigned i = 0; i < size && !in.overrun(); ++i) {
    if (next != 0) next = static_cast<std::int32_t>((static_cast<std::int64_t>(last) + in.se() + 256) % 256);
    if (next != 0) last = next;
  }
}

struct ChromaFormat {
  std::uint32_t idc = 1;
  bool separate_planes = false;
};

Result<ChromaFormat> read_chroma_fields(BitReader& in) {
  ChromaFormat chroma;
  chroma.idc = in.ue();
  if (chroma.idc > 3) return fail(bad_sps("chroma format out of range"));
  if (chroma.idc == 3) chroma.separate_planes = in.flag();
  in.ue();     // bit_depth_luma_minus8
  in.ue();     // bit_depth_chroma_minus8
  in.skip(1);  // qpprime_y_zero_transform_bypass_flag
  if (in.flag()) {
    const unsigned lists = chroma.idc == 3 ? 12 : 8;
    for (unsigned i = 0; i < lists; ++i) {
      if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
    }
  }
  return chroma;
}

Result<void> skip_picture_order(BitReader& in) {
  in.ue();  // log2_max_frame_num_minus4
  const auto type = in.ue();
  if (type == 0) {
    in.ue();  // log2_max_pic_order_cnt_lsb_minus4
  } else if (type == 1) {
    in.skip(1);
    in.se();
    in.se();
    const auto cycle = in.ue();
    if (cycle > kMaxPocCycle) return fail(bad_sps("picture order cycle out of range"));
    for (std::uint32_t i = 0; i < cycle; ++i) in.se();
  } else if (type > 2) {
    return fail(bad_sps("picture order type out of range"));
  }
  return {};
}

Result<void> skip_hrd(BitReader& in) {
  const auto count = in.ue() + 1;
  if (count > kMaxCpbCount) return fail(bad_sps("buffer count out of range"));
  in.skip(8);
  for (std::uint32_t i = 0; i < count; ++i) {
    in.ue();
    in.ue();
    in.skip(1);
  }
  in.skip(20);
  return {};
}

// Annex E.1.1; a VUI that breaks off leaves what it had said so far.
Result<void> read_vui(BitReader& in, H264Sps& sps) {
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
  if (in.flag()) {
    const auto units_in_tick = in.bits(32);
    const auto time_scale = in.bits(32);
    in.skip(1);
    // Two ticks make a frame (Annex E.2.1).
    if (!in.overrun() && units_in_tick != 0 && units_in_tick < (1u << 31)) {
      sps.frame_rate = reduced(time_scale, 2 * units_in_tick);
    }
  }
  const bool nal_hrd = in.flag();
  if (nal_hrd) {
    if (auto r = skip_hrd(in); !r) return r;
  }
  const bool vcl_hrd = in.flag();
  if (vcl_hrd) {
    if (auto r = skip_hrd(in); !r) return r;
  }
  if (nal_hrd || vcl_hrd) in.skip(1);
  in.skip(1);  // pic_struct_present_flag
  if (in.flag()) {
    in.skip(1);
    in.ue();
    in.ue();
    in.ue();
    in.ue();
    const auto reorder = in.ue();
    if (!in.overrun() && reorder <= 16) sps.max_reorder = static_cast<std::uint8_t>(reorder);
  }
  return {};
}

}  // namespace

Result<H264Sps> parse_h264_sps(ByteView nal) {
  if (nal.size() < 5 || nal.size() > kMaxParameterSetBytes) return fail(bad_sps("wrong size"));
  if (classify(Codec::kH264, nal) != NalKind::kSps) return fail(bad_sps("another type of NAL unit"));
  const auto payload = unescape(nal.subspan(1));
  BitReader in(payload);
  H264Sps sps;
  sps.profile_idc = static_cast<std::uint8_t>(in.bits(8));
  sps.constraints = static_cast<std::uint8_t>(in.bits(8));
  sps.level_idc = static_cast<std::uint8_t>(in.bits(8));
  in.ue();  // seq_parameter_set_id
  ChromaFormat chroma;
  if (has_chroma_fields(sps.profile_idc)) {
    auto read = read_chroma_fields(in);
    if (!read) return fail(read.error());
    chroma = *read;
  }
  if (auto r = skip_picture_order(in); !r) return fail(r.error());
  in.ue();     // max_num_ref_frames
  in.skip(1);  // gaps_in_frame_num_value_allowed_flag
  const auto width_mbs_minus1 = in.ue();
  const auto height_units_minus1 = in.ue();
  if (width_mbs_minus1 >= kMaxMacroblocksPerSide || height_units_minus1 >= kMaxMacroblocksPerSide) {
    return fail(bad_sps("picture size out of range"));
  }
  const bool frames_only = in.flag();
  if (!frames_only) in.skip(1);  // mb_adaptive_frame_field_flag
  in.skip(1);                    // direct_8x8_inference_flag

  const std::uint32_t fields = frames_only ? 1 : 2;
  const auto width = (width_mbs_minus1 + 1) * 16;
  const auto height = (height_units_minus1 + 1) * 16 * fields;
  std::uint64_t crop_x = 0, crop_y = 0;
  if (in.flag()) {
    const bool subsampled = !chroma.separate_planes;
    const std::uint64_t unit_x = subsampled && (chroma.idc == 1 || chroma.idc == 2) ? 2 : 1;
    const std::uint64_t unit_y = (subsampled && chroma.idc == 1 ? 2 : 1) * fields;
    const std::uint64_t left = in.ue(), right = in.ue(), top = in.ue(), bottom = in.ue();
    crop_x = unit_x * (left + right);
    crop_y = unit_y * (top + bottom);
  }
  if (in.overrun()) return fail(bad_sps("truncated"));
  if (crop_x >= width || crop_y >= height) return fail(bad_sps("cropped to nothing"));
  sps.width = static_cast<std::uint16_t>(width - crop_x);
  sps.height = static_cast<std::uint16_t>(height - crop_y);
  // All pictures are intra in these profiles, or B slices are not allowed (Annex A.2.1).
  if (sps.profile_idc == 66) sps.max_reorder = 0;
  if (in.flag()) {
    if (auto r = read_vui(in, sps); !r) return fail(r.error());
  }
  return sps;
}

std::string h264_codec_string(ByteView sps) {
  if (sps.size() < 4) return "avc1.42E01E";
  return fmt::format("avc1.{:02X}{:02X}{:02X}", sps[1], sps[2], sps[3]);
}

Result<Bytes> make_avcc(const VideoInfo& video) {
  const auto& sps = video.sps;
  const auto& pps = video.pps;
  if (sps.size() < 4 || pps.empty() || sps.size() > kMaxParameterSetBytes ||
      pps.size() > kMaxParameterSetBytes) {
    return fail(ErrorCode::kProtocol, "H.264 parameter sets are missing or too long");
  }
  const auto parsed = parse_h264_sps(sps);
  if (!parsed) return fail(parsed.error());
  Bytes out{1, sps[1], sps[2], sps[3], 0xff /* lengths of 4 bytes */, 0xe1 /* one SPS */};
  const auto append = [&out](const Bytes& set) {
    out.push_back(static_cast<std::uint8_t>(set.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(set.size()));
    out.insert(out.end(), set.begin(), set.end());
  };
  append(sps);
  out.push_back(1);
  append(pps);
  if (has_chroma_fields(parsed->profile_idc)) {
    const auto payload = unescape(ByteView(sps).subspan(4));
    BitReader in(payload);
    in.ue();
    const auto chroma = in.ue();
    if (chroma == 3) in.skip(1);
    const auto luma = in.ue(), chroma_depth = in.ue();
    out.push_back(static_cast<std::uint8_t>(0xfc | (chroma & 3)));
    out.push_back(static_cast<std::uint8_t>(0xf8 | (luma & 7)));
    out.push_back(static_cast<std::uint8_t>(0xf8 | (chroma_depth & 7)));
    out.push_back(0);
  }
  return out;
}

Result<DecoderConfig> parse_avcc(ByteView record) {
  DecoderConfig config;
  if (record.size() >= 3 && record[0] == 0) {  // a start code: Annex B
    config.sets = collect_annexb(Codec::kH264, record).sets;
    return config;
  }
  const auto truncated = [] { return fail(ErrorCode::kProtocol, "H.264 decoder configuration: truncated"); };
  if (record.size() < 7 || record[0] != 1) return truncated();
  config.length_bytes = (record[4] & 3) + 1;
  if (config.length_bytes == 3)
    return fail(ErrorCode::kProtocol, "H.264 decoder configuration: lengths of 3 bytes");
  std::size_t at = 5;
  for (const std::uint8_t mask : {std::uint8_t{0x1f}, std::uint8_t{0xff}}) {
    if (at >= record.size()) return truncated();
    const unsigned count = record[at++] & mask;
    for (unsigned i = 0; i < count; ++i) {
      if (record.size() - at < 2) return truncated();
      const std::size_t size = std::size_t{record[at]} << 8 | record[at + 1];
      at += 2;
      if (size > record.size() - at) return truncated();
      const auto nal = record.subspan(at, size);
      at += size;
      const auto kind = classify(Codec::kH264, nal);
      auto& set = kind == NalKind::kSps ? config.sets.sps : config.sets.pps;
      if (is_parameter_set(kind) && set.empty() && size <= kMaxParameterSetBytes)
        set.assign(nal.begin(), nal.end());
    }
  }
  return config;
}

}  // namespace camctl::media
