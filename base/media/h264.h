// What H.264's parameter sets say (ISO 14496-10 §7.3.2.1), and the forms in which containers carry them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/media/nal.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::media {

struct H264Sps {
  std::uint8_t profile_idc = 0;
  std::uint8_t constraints = 0;  // constraint_set0_flag is the most significant bit
  std::uint8_t level_idc = 0;
  std::uint16_t width = 0, height = 0;  // after cropping
  FrameRate frame_rate;                 // from the VUI; 0: not said
  // Pictures that may precede one in decoding order and follow it in output order; absent: not said.
  std::optional<std::uint8_t> max_reorder;
};

// `nal` is the whole NAL unit without start code. kProtocol where it is truncated or out of the standard's
// range.
Result<H264Sps> parse_h264_sps(ByteView nal);

// RFC 6381 §3.3: "avc1.640028", from the first bytes of an SPS; "avc1.42E01E" where it is too short.
std::string h264_codec_string(ByteView sps);

// AVCDecoderConfigurationRecord (ISO 14496-15 §5.3.3.1.2) with one SPS and one PPS and lengths of 4 bytes.
Result<Bytes> make_avcc(const VideoInfo& video);

struct DecoderConfig {
  ParameterSets sets;    // the first of each kind
  int length_bytes = 4;  // of the NAL units' lengths in samples: 1, 2 or 4
};
// Also takes parameter sets in Annex B, which libavformat calls extradata just the same.
Result<DecoderConfig> parse_avcc(ByteView record);

}  // namespace camctl::media
