// The newest access units of one stream, cut into segments. The one place where media is kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "libhls/break_count.h"
#include "libhls/part_policy.h"
#include "libhls/segment_list.h"
#include "libhls/timeline.h"

namespace camctl::hls {

class Spool;
class SpooledSegment;

// A partial segment (RFC 8216bis §4.4.4.9): whole frames near 200 ms and the audio that arrived among them.
// Immutable.
struct Part {
  std::uint64_t segment = 0;  // media sequence number of its parent
  std::uint32_t index = 0;    // in its parent
  bool independent = false;   // starts with a key frame
  media::StreamInfoPtr info;
  MediaTime duration{};  // up to the next part
  // As in Segment.
  media::Ticks video_end = 0, audio_end = 0;
  std::size_t bytes = 0;
  std::vector<media::AccessUnitPtr> units;
};
using PartPtr = std::shared_ptr<const Part>;

// What is known of a segment while it is being built. Immutable once others see it.
struct SegmentHead {
  std::uint64_t number = 0;  // media sequence number; never used twice
  std::uint64_t discontinuity_sequence = 0;
  bool discontinuity = false;      // EXT-X-DISCONTINUITY stands before it; counted in the number above
  bool independent = true;         // false: cut inside a GOP, it does not start with a key frame
  std::uint32_t init_version = 0;  // changes whenever `info` does; names init-{v}.mp4
  media::StreamInfoPtr info;
  std::chrono::system_clock::time_point program_date_time;  // of its first unit, by the server's clock
  MediaTime start{};           // decoding time of its first video unit (audio unit where no video is)
  std::size_t part_epoch = 0;  // of its parts, see WindowState::part_targets
  std::vector<PartPtr> parts;  // so far; together they hold all its units
};

// A run of access units that starts at a key frame (or, without video, at any unit). Immutable.
struct Segment : SegmentHead {
  bool gap = false;  // no media: the camera was away (EXT-X-GAP, RFC 8216bis §4.4.4.7)
  // How many such segments there were before it: playlists that don't list them count without.
  std::uint64_t gaps_before = 0;
  MediaTime duration{};  // up to the next segment's start where no discontinuity follows
  // When the last unit of each track ends, in the track's own ticks: what the next segment's first unit of
  // that track starts at, where there is one already. 0: at its last unit's dts + duration.
  media::Ticks video_end = 0, audio_end = 0;
  std::size_t bytes = 0;                    // of payload
  std::vector<media::AccessUnitPtr> units;  // video and audio as they arrived, each track in decoding order
  // Where it is kept on disk, or will be; null: in memory only.
  std::shared_ptr<SpooledSegment> spooled;
  // Only there: `units`, `parts` and `lead_in` are empty.
  bool on_disk = false;
  // What audio_lead_in() (aac_encode.h) gives of the segment before, where the audio must be encoded and the
  // segment goes to disk: it outlives that one's memory.
  std::vector<media::AccessUnitPtr> lead_in;
};

// What a playlist shows. A value: take one, then read it without locks.
struct WindowState {
  std::uint64_t version = 0;  // another one for each state of a window
  SegmentList segments;       // oldest first; only complete ones
  // What a playlist without parts and delta updates lists: no gaps, and no more than WindowOptions::segments
  // and three target durations, or WindowOptions::dvr.
  SegmentList classic;
  // The segment being built, once its first part is whole; null else.
  std::shared_ptr<const SegmentHead> open;
  std::uint64_t next_number = 0;  // of the segment after all of these
  // The part after all of these is expected to be the first of that segment.
  bool next_part_begins_segment = true;
  // EXT-X-PART-INF of each epoch's playlist (see PartPolicy); empty before the first part is whole.
  std::vector<MediaTime> part_targets;
  std::size_t part_epoch = 0;               // which of them new parts are made by
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
  std::chrono::milliseconds part_duration{0};  // parts near this length; 0: none
  // Shared by the renditions of a camera; null: a window of its own.
  std::shared_ptr<BreakCount> breaks = nullptr;
  int listed_targets = 3;  // target durations listed at least: 3 (RFC 8216 §6.2.2), or 8 for delta updates
  // For going back: so much is listed as soon as it is there. What is beyond `memory_bytes`, and beyond what
  // would be listed without, is kept in the spool, which is a must then. 0: off.
  std::chrono::milliseconds dvr{0};
  std::shared_ptr<Spool> spool = nullptr;
  std::size_t memory_bytes = 16u << 20;
};

// What a call has made ready for viewers.
struct Listed {
  bool segment = false, part = false;
  explicit operator bool() const { return segment || part; }
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
  // starts behind a discontinuity with a new init version.
  Listed set_info(media::StreamInfoPtr info);

  // Called for each unit that push() keeps, within it. The writer's; before the first unit.
  void on_unit(std::function<void(const LiveUnit&)> task) { on_unit_ = std::move(task); }

  // The next unit, with times on the stream's axis, and how it follows the one before (see Timeline::apply).
  // Video before the first key frame, after a hard break or after a loss up to the next key frame, and audio
  // before the first picture are left out and counted. Where pictures were lost the segment ends with the
  // last one before, and the next begins behind a discontinuity.
  Listed push(media::AccessUnit unit, Break brk);

  // The source is lost, as is known `now`: ends the segment being built, and the next one starts behind a
  // discontinuity.
  Listed interrupt(std::chrono::steady_clock::time_point now);

  // Forgets all that was received, after interrupt(): nothing is listed or can be found any more. Numbers go
  // on. What comes next begins behind no discontinuity: there is nothing listed before it.
  void clear();

  // While the source is away, or no picture comes that can be decoded: lists segments without media for the
  // time until `now`, each as long as the target duration. Nothing where no segment is listed, or one is
  // being built.
  Listed mark_gap(std::chrono::steady_clock::time_point now);

  // A finite source has ended: as interrupt(), and the playlist ends.
  Listed end();

  // As it is now; never null.
  std::shared_ptr<const WindowState> state() const;

  // A segment that is listed or not long delisted (RFC 8216 §6.2.2), maybe on_disk; null else.
  SegmentPtr find(std::uint64_t number) const;
  // The tracks behind init-{version}.mp4 while a segment that needs it can be had; null else.
  media::StreamInfoPtr find_info(std::uint32_t version) const;

  // Until now; empty before the first key frame. Just the key frame where a GOP takes more than a quarter of
  // max_bytes.
  NewestGop newest_gop() const;

  struct Counters {
    std::uint64_t dropped_units = 0;   // left out because nothing to decode them from was there
    std::uint64_t cut_inside_gop = 0;  // segments that had to end before a key frame
    std::uint64_t evicted_early = 0;   // segments that max_bytes, or trouble with the disk, drove out
    std::uint64_t holes = 0;           // places where pictures were lost
    MediaTime longest_gop{};           // between two key frames with no picture lost between them
    std::size_t bytes = 0;             // kept in memory now, with kUnitOverhead for each unit
    std::size_t on_disk = 0;           // segments that are kept on disk alone
  };
  Counters counters() const;
  // Of the media in the segments that are kept in memory, listed or not: payload, without bookkeeping.
  std::size_t media_bytes() const;

 private:
  struct Kept {
    SegmentPtr segment;
    std::optional<std::chrono::steady_clock::time_point> delisted_until;  // set: delisted, kept until then
  };

  static std::size_t cost(const Segment& segment);  // what it takes of memory
  bool has_track(media::TrackKind kind) const;
  std::uint32_t rate_of(media::TrackKind kind) const;
  MediaTime time_of(const media::AccessUnit& unit) const;
  bool times_segments(const media::AccessUnit& unit) const;
  bool misses_pictures(const media::AccessUnit& unit) const;
  bool admit(const media::AccessUnit& unit);
  bool must_cut(const media::AccessUnit& unit, MediaTime time) const;
  bool expects_cut() const;
  MediaTime longest() const;
  void begin(const media::AccessUnit& unit, MediaTime time);
  void append(media::AccessUnit unit, MediaTime time);
  void note_key(MediaTime time);
  void note_lateness(const media::AccessUnit& unit, MediaTime time);
  void add_part(const PartSpan& span, media::Ticks video_end, media::Ticks audio_end);
  void add_last_part(MediaTime end, const media::AccessUnit* next);
  bool close(const media::AccessUnit* next);
  bool break_off();
  void set_date();
  std::shared_ptr<WindowState> next_state() const;
  void publish_open();
  void publish(std::shared_ptr<Segment> segment);
  void begin_spooling(const std::shared_ptr<Segment>& segment) const;
  void delist_and_evict(WindowState& state);
  bool delist(SegmentList& listed, int targets) const;
  bool memory_is_short(bool safe) const;
  void free_memory(WindowState& state);
  void unload(WindowState& state, Kept& kept);
  void free_disk(WindowState& state);
  void evict_through(WindowState& state, std::uint64_t number);
  void forget_oldest();
  void remember_gop(const media::AccessUnitPtr& unit);

  const WindowOptions options_;
  const std::chrono::seconds target_;
  const WallClock wall_clock_;

  // The writer's own.
  std::function<void(const LiveUnit&)> on_unit_;
  media::StreamInfoPtr info_;
  std::uint32_t init_version_;
  std::uint64_t next_number_;
  const std::shared_ptr<BreakCount> breaks_;
  std::uint64_t discontinuities_;  // of breaks_, how many are signalled here
  std::uint64_t gaps_ = 0;
  std::optional<std::chrono::steady_clock::time_point> gap_from_;  // up to where gaps are listed
  bool discontinuity_pending_ = false;
  bool fresh_ = true;  // nothing is listed before the next segment
  bool cut_at_next_key_ = false;
  bool wait_for_key_ = true;
  std::optional<MediaTime> last_key_;
  MediaTime last_gop_{};
  std::shared_ptr<Segment> open_;  // the segment being built
  MediaTime open_end_{};           // end of its last unit of the track that times segments
  PartPolicy parts_;
  std::size_t in_parts_ = 0;                   // how many of its units are in parts
  std::vector<media::AccessUnitPtr> carried_;  // audio behind its last part, for the next segment
  bool dated_ = false;
  std::optional<std::chrono::system_clock::duration> date_offset_;  // the wall clock's time minus the axis's
  std::optional<std::chrono::steady_clock::duration> least_late_;   // arrival minus axis, since the last date
  std::chrono::steady_clock::time_point last_arrival_, last_kept_;  // of a unit, of one that was not left out
  std::chrono::steady_clock::time_point now_;                       // the latest of what callers said
  std::size_t gop_bytes_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::deque<Kept> kept_;  // oldest first: the first `on_disk_` without media, the first `delisted_` delisted
  std::size_t on_disk_ = 0, delisted_ = 0;
  MediaTime in_memory_{};  // how long those are whose media is in memory
  std::shared_ptr<const WindowState> state_;
  media::StreamInfoPtr current_info_;
  std::uint32_t current_version_ = 0;
  NewestGop gop_;
  Counters counters_;
};

}  // namespace camctl::hls
