// Where a stream's partial segments end (RFC 8216bis §4.4.3.7, §4.4.4.9): whole frames near a wanted length.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "libhls/timeline.h"

namespace camctl::hls {

// A part's place on the stream's axis.
struct PartSpan {
  MediaTime start, end;
};

// A value without clock or thread: it is told of each unit of the track that times segments, and says when a
// part ends. Every part lasts at most the part target duration, every part but a segment's last at least 85 %
// of it, and a part ends with the unit that fills it: nothing waits for the unit after.
//
// The target is 1.1 x n x the longest interval between units seen until the first part is whole (n units come
// nearest to the wanted length), and holds for the playlist's life. A stream whose units later come at a pace
// of which no number fits (25 -> 12 a second: 2 are too few for 0.22 s, 3 too many) gets a further target at
// a segment's begin, which is a further playlist: an *epoch*. The playlists of the other epochs go on without
// parts. Until that segment begins, parts end by time, less than a unit beside their media. Where units are
// so far apart that no part reaches from one to the next, the time between belongs to no part.
class PartPolicy {
 public:
  // The least that a part which is not its segment's last may last, of the part target (§4.4.4.9).
  static constexpr std::int64_t kLeastPercent = 85;
  // Further targets than this are not made: a camera that keeps changing its pace stays with the last.
  static constexpr std::size_t kMaxEpochs = 8;
  // Intervals that are remembered to tell a change of pace from jitter.
  static constexpr std::size_t kRemembered = 9;

  // No parts where `wanted` is 0, nor while one unit's target would exceed `longest_target`.
  PartPolicy(MediaTime wanted, MediaTime longest_target) : wanted_(wanted), longest_target_(longest_target) {}

  // A segment begins at `start`, the time of its first unit.
  void begin_segment(MediaTime start);
  // Before a unit at `time` is added: the open part's place, if it must end without the unit.
  std::optional<PartSpan> end_before(MediaTime time);
  // A unit at `time` that is expected to last for `duration` was added: the part's place, if it is whole.
  std::optional<PartSpan> end_after(MediaTime time, MediaTime duration);
  // The segment ends at `end`: its last part's place. Nothing: parts can't be made of this stream.
  std::optional<PartSpan> end_segment(MediaTime end);
  // What comes next does not follow what was: the time between is no interval.
  void interrupt() { last_.reset(); }

  // How many units are in the open part.
  std::size_t units() const { return units_; }
  // The epoch of the present segment's parts: an index into targets().
  std::size_t epoch() const { return epoch_; }
  const std::vector<MediaTime>& targets() const { return targets_; }

 private:
  bool settled(MediaTime filled);
  std::optional<MediaTime> target_for(MediaTime interval) const;
  bool fits(MediaTime target, MediaTime interval, MediaTime ideal) const;
  void follow_pace();
  PartSpan close(MediaTime end);

  MediaTime wanted_, longest_target_;
  std::vector<MediaTime> targets_;
  std::size_t epoch_ = 0;
  MediaTime start_{};
  std::size_t units_ = 0;
  std::optional<MediaTime> last_;  // time of the unit before
  MediaTime longest_interval_{};   // seen; or, before the second unit, declared
  bool interval_seen_ = false;
  std::array<MediaTime, kRemembered> intervals_{};  // a ring
  std::size_t remembered_ = 0;                      // ever
  std::optional<MediaTime> misfit_;  // the pace that the target did not fit when the last segment began
};

}  // namespace camctl::hls
