// From the times that a camera claims to the stream's own axis, which starts near zero and never goes back.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"

namespace camctl::hls {

// Time on a stream's own axis: starts near zero when the stream object is made, never goes back, and goes on
// through reconnects. Tracks count it in their own clock_rate; this type is for comparing and for playlists.
using MediaTime = std::chrono::duration<std::int64_t, std::ratio<1, 90'000>>;

// `ticks` of a track that counts `clock_rate` a second, rounded down. `clock_rate` is not 0.
MediaTime to_media_time(media::Ticks ticks, std::uint32_t clock_rate);
media::Ticks to_ticks(MediaTime time, std::uint32_t clock_rate);

// How a unit follows the one before it on its track.
enum class Break : std::uint8_t {
  kNone,
  // The camera's clock jumped but no data is missing: the axis goes on smoothly. Signalled at the next key
  // frame.
  kSoft,
  // Time or data is missing: decoding must begin anew, at a key frame behind an EXT-X-DISCONTINUITY.
  kHard,
};

// Repairs the times of one stream's access units: anchors the first one at the server's elapsed time since
// the stream began, keeps the tracks on one epoch, derives missing decoding times from the order of pictures,
// and answers clocks that wrap, stick, repeat, or jump. Never gives up and never refuses a unit. A value
// without clocks or threads of its own: all it knows of the server's time is AccessUnit::arrival.
class Timeline {
 public:
  // A gap that is longer breaks the stream; as long as the watchdog on silence, so that slow cameras live.
  static constexpr std::chrono::seconds kLongestHole{3};
  // Steps back up to this are reordering or jitter and are repaired in place; more is a jump.
  static constexpr std::chrono::seconds kLargestStepBack{1};
  // Tracks whose times differ from their arrival by less than this count on the same clock.
  static constexpr std::chrono::seconds kLargestSkew{3};
  // Pictures that may be decoded before one that is shown earlier (ISO 14496-10 Annex A: 16).
  static constexpr std::size_t kMaxReorder = 16;

  explicit Timeline(std::chrono::steady_clock::time_point origin);

  // The tracks' clock rates and what the parameter sets say of frame rate and picture order. Call before the
  // first unit and on each change.
  void set_info(const media::StreamInfo& info);

  // A new session begins: its times have nothing to do with those before. The next unit is a hard break.
  void reconnect();

  // Sets pts, dts and duration (never 0) of `unit` on the stream's own axis. Afterwards pts >= dts >= 0, and
  // dts grows strictly along each track.
  Break apply(media::AccessUnit& unit);

  struct Counters {
    std::uint64_t repaired = 0;  // units whose times were missing, repeated or went back a little
    std::uint64_t jumps = 0;     // of the camera's clock
    std::uint64_t holes = 0;     // longer than kLongestHole
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Track {
    std::uint32_t clock_rate = 90'000;
    bool video = false;
    media::Ticks interval = 3'600;  // between units: declared, learned, or a guess (1/25 s)
    bool interval_learned = false;
    bool interval_fixed = false;  // the codec's frame size says it

    bool started = false;          // has had a unit in this session
    bool has_offset = false;       // offset and last_camera are valid
    std::uint64_t serial = 0;      // of the epoch it counts by
    media::Ticks offset = 0;       // axis = camera + offset
    media::Ticks last_camera = 0;  // unwrapped
    media::Ticks wrap = 0;         // what unwrapping adds
    media::Ticks last_axis = 0;    // where last_camera lies on the axis
    media::Ticks last_dts = -1;    // on the axis; -1: none ever
    std::chrono::steady_clock::time_point last_arrival;
    unsigned stuck = 0;  // units in a row whose time did not advance

    bool source_knows_dts = false;  // it has given a dts below a pts
    std::size_t reorder = 0;        // how many pictures may be decoded before one that is shown earlier
    bool reorder_known = false;     // the parameter sets say so
    std::array<media::Ticks, kMaxReorder + 1>
        pending{};  // presentation times that are still to serve as dts, sorted
    std::size_t pending_count = 0;
    std::array<media::Ticks, kMaxReorder> history{};  // the last presentation times, a ring
    std::size_t history_count = 0;
  };
  // Where a camera's time lies on the axis, and how it got there.
  struct Placed {
    media::Ticks axis;
    Break brk;
  };

  Track& track_of(media::TrackKind kind);
  static void change_clock_rate(Track& track, std::uint32_t clock_rate);
  static void forget_session(Track& track);
  Placed place(Track& track, media::Ticks camera, std::chrono::steady_clock::time_point arrival);
  Placed place_first(Track& track, media::Ticks camera, std::chrono::steady_clock::time_point arrival);
  Placed place_break(Track& track, media::Ticks camera, media::Ticks delta,
                     std::chrono::steady_clock::time_point arrival);
  void anchor(Track& track, media::Ticks camera, media::Ticks wanted);
  void join_epoch(Track& track, media::Ticks camera, media::Ticks expected);
  media::Ticks earliest(const Track& track, std::chrono::steady_clock::time_point arrival) const;
  media::Ticks next_by_arrival(const Track& track, std::chrono::steady_clock::time_point arrival) const;
  Break order(Track& track, media::AccessUnit& unit);
  void reset_order(Track& track, media::Ticks pts);

  std::chrono::steady_clock::time_point origin_;
  Track video_, audio_, metadata_;
  // What the track anchored last has set: axis = camera's time + epoch.
  std::optional<MediaTime> epoch_;
  std::uint64_t serial_ = 0;
  MediaTime floor_{};  // nothing of this session lies before it
  bool hard_pending_ = false;
  Counters counters_;
};

}  // namespace camctl::hls
