// What H.265's parameter sets say (ISO 23008-2 §7.3.2.2), and the forms in which containers carry them.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/media/h264.h"
#include "base/media/nal.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::media {

struct H265Sps {
  std::uint8_t profile_space = 0;
  bool high_tier = false;
  std::uint8_t profile_idc = 0;
  std::uint32_t compatibility_flags = 0;      // flag 0 is the most significant bit
  std::array<std::uint8_t, 6> constraints{};  // the 48 bits behind them
  std::uint8_t level_idc = 0;
  std::uint8_t temporal_layers = 1;
  bool temporal_id_nested = false;
  std::uint8_t chroma_format = 1;
  std::uint8_t bit_depth_luma = 8, bit_depth_chroma = 8;
  std::uint16_t width = 0, height = 0;  // after the conformance window
  std::uint8_t max_reorder = 0;
  FrameRate frame_rate;  // from the VUI; 0: not said
};

// `nal` is the whole NAL unit without start code. kProtocol where it is truncated or out of the standard's
// range.
Result<H265Sps> parse_h265_sps(ByteView nal);

// ISO 14496-15 Annex E.3: "hvc1.1.6.L93.B0".
std::string h265_codec_string(const H265Sps& sps);

// HEVCDecoderConfigurationRecord (ISO 14496-15 §8.3.3.1.2) with one VPS, SPS and PPS and lengths of 4 bytes.
Result<Bytes> make_hvcc(const VideoInfo& video);
// Also takes parameter sets in Annex B.
Result<DecoderConfig> parse_hvcc(ByteView record);

}  // namespace camctl::media
