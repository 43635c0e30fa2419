// The unit in which media travels through this project: one picture or one audio frame.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace camctl::media {

using Bytes = std::vector<std::uint8_t>;

// Time in a track's own time base (TrackInfo::clock_rate ticks per second).
using Ticks = std::int64_t;

// A time that the source does not know. The timeline derives it.
inline constexpr Ticks kNoTime = std::numeric_limits<Ticks>::min();

enum class TrackKind : std::uint8_t { kVideo, kAudio, kMetadata };

// One access unit. Immutable once it is shared.
//
// `data` holds, by codec:
//   H.264, H.265  NAL units, each behind its length as 4 bytes big-endian (what fMP4 stores); parameter sets,
//                 access unit delimiters and filler are not among them: parameter sets live in StreamInfo
//   AAC           one raw frame without ADTS header
//   others        the codec's own frame or packet payload
struct AccessUnit {
  TrackKind track = TrackKind::kVideo;
  bool key = false;         // decoding can start here (IDR, CRA, BLA; always for audio)
  bool gap_before = false;  // data was lost between the previous unit of this track and this one
  Ticks pts =
      0;  // from a source: as the camera says, or kNoTime; behind the timeline: on the stream's own axis
  Ticks dts = 0;       // the same; a source that only knows presentation times (RTP) sets kNoTime or pts
  Ticks duration = 0;  // 0: not known yet
  std::chrono::steady_clock::time_point arrival;  // when its last byte was read
  Bytes data;
};

using AccessUnitPtr = std::shared_ptr<const AccessUnit>;

}  // namespace camctl::media
