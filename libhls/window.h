// The newest access units of one stream, cut into segments. The one place where media is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "libhls/timeline.h"

namespace camctl::hls {

// A run of access units that starts at a key frame (or, without video, at any unit). Immutable.
struct Segment {
  std::uint64_t number = 0;  // media sequence number; never used twice
  std::uint64_t discontinuity_sequence = 0;
  bool discontinuity = false;      // EXT-X-DISCONTINUITY stands before it; counted in the number above
  bool independent = true;         // false: cut inside a GOP, it does not start with a key frame
  std::uint32_t init_version = 0;  // changes whenever `info` does; names init-{v}.mp4
  media::StreamInfoPtr info;
  std::chrono::system_clock::time_point program_date_time;  // of its first unit, by the server's clock
  MediaTime start{};     // decoding time of its first video unit (audio unit where no video is)
  MediaTime duration{};  // up to the next segment's start where no discontinuity follows
  // When the last unit of each track ends, in the track's own ticks: what the next segment's first unit of
  // that track starts at, where there is one already. 0: at its last unit's dts + duration.
  media::Ticks video_end = 0, audio_end = 0;
  std::size_t bytes = 0;                    // of payload
  std::vector<media::AccessUnitPtr> units;  // video and audio as they arrived, each track in decoding order
};

using SegmentPtr = std::shared_ptr<const Segment>;

// What a playlist shows. A value: take one, then read it without locks.
struct WindowState {
  std::vector<SegmentPtr> segments;         // oldest first; only complete ones
  std::chrono::seconds target_duration{0};  // fixed before the first segment is listed
  bool independent = true;  // every segment ever listed starts with a key frame; once false it stays so
  bool ended = false;       // a finite source has ended
};

struct WindowOptions {
  std::chrono::milliseconds segment_duration{2000};  // cut at the first key frame after this
  std::size_t segments = 6;             // listed at least; delisted ones stay fetchable for a while
  std::chrono::seconds longest_gop{4};  // a longer GOP is cut inside; settles target_duration
  std::size_t max_bytes = 128u << 20;   // a hostile camera's bound: the oldest go first
  // Of the first segment and of the first init segment: a server whose names may be cached starts where no
  // earlier run has been.
  std::uint64_t first_number = 0;
  std::uint32_t first_init_version = 0;
};

// The newest key frame and what followed it of the video track, in decoding order.
struct NewestGop {
  media::StreamInfoPtr info;       // of these units; null before the first key frame
  std::uint32_t init_version = 0;  // of `info`
  std::vector<media::AccessUnitPtr> units;
};

// An access unit as it goes into the window.
struct LiveUnit {
  media::AccessUnitPtr unit;       // times on the stream's axis, duration set
  media::StreamInfoPtr info;       // of all tracks
  std::uint32_t init_version = 0;  // of `info`: another one means other tracks
};

// The target duration that these options settle: no segment lasts longer.
std::chrono::seconds target_duration(const WindowOptions& options);

// Cuts access units into segments and keeps the newest. One writer (the stream's loop); state(), find() and
// find_info() may be called on any thread and never wait for packaging.
class Window {
 public:
  // The server's wall clock for a moment of its steady clock; the default compares both now.
  using WallClock =
      std::function<std::chrono::system_clock::time_point(std::chrono::steady_clock::time_point)>;

  // A key frame this much before the wanted duration is near enough: cameras' clocks jitter.
  static constexpr std::chrono::milliseconds kCutTolerance{100};
  // By how much a segment may exceed the target duration: EXTINF is compared when rounded to whole seconds
  // (RFC 8216 §4.3.3.1), and half a second less a slow camera's frame is left.
  static constexpr std::chrono::milliseconds kRounding{400};
  // A playlist shows at least so many target durations (RFC 8216 §6.2.2).
  static constexpr int kLeastTargets = 3;
  // Added to each unit's payload where bytes are bounded: what its bookkeeping takes.
  static constexpr std::size_t kUnitOverhead = 160;
  // By how much PROGRAM-DATE-TIME may follow the server's clock from one segment to the next.
  static constexpr std::chrono::milliseconds kLargestClockSlew{5};
  // A larger difference is a step of the server's clock and is taken at once.
  static constexpr std::chrono::seconds kClockStep{1};

  explicit Window(WindowOptions options, WallClock wall_clock = {});

  // The tracks of the units to come. Another value than before ends the segment being built; the next one
  // starts behind a discontinuity with a new init version. True where a segment was listed by that.
  bool set_info(media::StreamInfoPtr info);

  // Called for each unit that push() keeps, within it. The writer's; before the first unit.
  void on_unit(std::function<void(const LiveUnit&)> task) { on_unit_ = std::move(task); }

  // The next unit, with times on the stream's axis, and how it follows the one before (see Timeline::apply).
  // True where a segment was listed by that. Video before the first key frame, after a hard break or after a
  // loss up to the next key frame, and audio before the first picture are left out and counted.
  bool push(media::AccessUnit unit, Break brk);

  // The source is lost: ends the segment being built, and the next one starts behind a discontinuity. True
  // where a segment was listed.
  bool interrupt();

  // A finite source has ended: as interrupt(), and the playlist ends. True where a segment was listed.
  bool end();

  // As it is now; never null.
  std::shared_ptr<const WindowState> state() const;

  // A segment that is listed or not long delisted (RFC 8216 §6.2.2); null else.
  SegmentPtr find(std::uint64_t number) const;
  // The tracks behind init-{version}.mp4 while a segment that needs it can be had; null else.
  media::StreamInfoPtr find_info(std::uint32_t version) const;

  // Until now; empty before the first key frame. Just the key frame where a GOP takes more than a quarter of
  // max_bytes.
  NewestGop newest_gop() const;

  struct Counters {
    std::uint64_t dropped_units = 0;   // left out because nothing to decode them from was there
    std::uint64_t cut_inside_gop = 0;  // segments that had to end before a key frame
    std::uint64_t evicted_early = 0;   // segments that max_bytes drove out
    std::size_t bytes = 0;             // payload kept now
  };
  Counters counters() const;

 private:
  struct Kept {
    SegmentPtr segment;
    std::optional<std::chrono::steady_clock::time_point> delisted_until;  // set: delisted, kept until then
  };

  bool has_track(media::TrackKind kind) const;
  MediaTime time_of(const media::AccessUnit& unit) const;
  bool admit(const media::AccessUnit& unit);
  bool must_cut(const media::AccessUnit& unit, MediaTime time) const;
  MediaTime longest() const;
  void begin(const media::AccessUnit& unit, MediaTime time);
  void append(media::AccessUnit unit, MediaTime time);
  bool close(const media::AccessUnit* next);
  bool break_off();
  std::chrono::system_clock::time_point date_of(const Segment& segment);
  void publish(SegmentPtr segment);
  void delist_and_evict();
  void remember_gop(const media::AccessUnitPtr& unit);

  const WindowOptions options_;
  const std::chrono::seconds target_;
  const WallClock wall_clock_;

  // The writer's own.
  std::function<void(const LiveUnit&)> on_unit_;
  media::StreamInfoPtr info_;
  std::uint32_t init_version_;
  std::uint64_t next_number_;
  std::uint64_t discontinuities_ = 0;
  bool discontinuity_pending_ = false;
  bool cut_at_next_key_ = false;
  bool wait_for_key_ = true;
  std::optional<MediaTime> last_key_;
  MediaTime last_gop_{};
  std::shared_ptr<Segment> open_;  // the segment being built
  MediaTime open_end_{};           // end of its last unit of the track that times segments
  std::optional<std::chrono::system_clock::duration> date_offset_;  // the wall clock's time minus the axis's
  std::chrono::steady_clock::time_point last_arrival_;
  std::size_t gop_bytes_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::vector<Kept> kept_;    // oldest first
  std::shared_ptr<const WindowState> state_;
  media::StreamInfoPtr current_info_;
  std::uint32_t current_version_ = 0;
  NewestGop gop_;
  Counters counters_;
};

}  // namespace camctl::hls
