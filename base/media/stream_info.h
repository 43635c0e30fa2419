// What a decoder must know before the first access unit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/media/access_unit.h"

namespace camctl::media {

enum class Codec : std::uint8_t { kUnknown, kH264, kH265, kMjpeg, kAac, kPcma, kPcmu, kG726, kOpus, kOther };

// Lower-case name as in cameras.json and messages: "h264", "aac", "pcma", …
std::string_view name(Codec codec);

struct FrameRate {
  std::uint32_t numerator = 0;  // 0: unknown
  std::uint32_t denominator = 1;
  friend bool operator==(const FrameRate&, const FrameRate&) = default;
};
// In lowest terms; unknown where either number is 0.
FrameRate reduced(std::uint32_t numerator, std::uint32_t denominator);

struct VideoInfo {
  Codec codec = Codec::kUnknown;
  std::uint32_t clock_rate = 90'000;    // ticks per second of this track's times
  std::uint16_t width = 0, height = 0;  // after cropping; 0: unknown
  FrameRate frame_rate;                 // as declared by the stream; a hint only
  Bytes vps, sps, pps;                  // one NAL unit each without start code or length; vps only for H.265
  friend bool operator==(const VideoInfo&, const VideoInfo&) = default;
};

struct AudioInfo {
  Codec codec = Codec::kUnknown;
  std::uint32_t clock_rate = 0;  // ticks per second of this track's times
  std::uint32_t sample_rate = 0;
  std::uint16_t channels = 0;
  // AAC: AudioSpecificConfig (ISO 14496-3 §1.6.2.1). G.726, packed as RFC 3551 §4.5.4 says: one byte, the
  // bits of a sample (2 to 5; none: 4). Else what the codec needs, or empty.
  Bytes config;
  friend bool operator==(const AudioInfo&, const AudioInfo&) = default;
};

// The tracks of one stream. Two values that differ need two initialisation segments.
struct StreamInfo {
  std::optional<VideoInfo> video;
  std::optional<AudioInfo> audio;
  friend bool operator==(const StreamInfo&, const StreamInfo&) = default;
};

using StreamInfoPtr = std::shared_ptr<const StreamInfo>;

}  // namespace camctl::media
