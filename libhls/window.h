// The newest access units of one stream, cut into segments. The one place where media is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"

namespace camctl::hls {

// Time on a stream's own axis: starts near zero when the stream object is made, never goes back, and goes on
// through reconnects. Tracks count it in their own clock_rate; this type is for comparing and for playlists.
using MediaTime = std::chrono::duration<std::int64_t, std::ratio<1, 90'000>>;

// A run of access units that starts at a key frame (or, without video, at any unit). Immutable.
struct Segment {
  std::uint64_t number = 0;  // media sequence number; never used twice
  std::uint64_t discontinuity_sequence = 0;
  bool discontinuity = false;      // EXT-X-DISCONTINUITY stands before it
  std::uint32_t init_version = 0;  // changes whenever `info` does; names init-{v}.mp4
  media::StreamInfoPtr info;
  std::chrono::system_clock::time_point program_date_time;  // of its first unit, by the server's clock
  MediaTime start{};
  MediaTime duration{};
  std::size_t bytes = 0;                    // of payload
  std::vector<media::AccessUnitPtr> units;  // video and audio as they arrived, each track in decoding order
};

using SegmentPtr = std::shared_ptr<const Segment>;

// What a playlist shows. A value: take one, then read it without locks.
struct WindowState {
  std::vector<SegmentPtr> segments;         // oldest first; only complete ones
  std::chrono::seconds target_duration{0};  // fixed before the first segment is listed
  bool ended = false;                       // a finite source has ended
};

struct WindowOptions {
  std::chrono::milliseconds segment_duration{2000};  // cut at the first key frame after this
  std::size_t segments = 6;                          // listed ones; as many again stay fetchable
  std::chrono::seconds longest_gop{4};               // a longer GOP is cut inside; settles target_duration
  std::size_t max_bytes = 64u << 20;                 // a hostile camera's bound: the oldest go first
};

}  // namespace camctl::hls
