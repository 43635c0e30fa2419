#include "libhls/timeline.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "base/media/aac.h"
#include "base/media/h264.h"
#include "base/media/h265.h"

namespace camctl::hls {
namespace {

using media::kNoTime;
using media::Ticks;
using std::chrono::steady_clock;

// Far above any clock (microseconds since 1970 need 51 bits), far below overflow.
constexpr Ticks kLargestCameraTime = Ticks{1} << 56;
// Seconds that fit when counted in MediaTime.
constexpr std::int64_t kLargestSeconds = std::int64_t{1} << 45;
// RTP's timestamps have 32 bits, those of MPEG-2 33.
constexpr std::array<Ticks, 2> kWraps = {Ticks{1} << 32, Ticks{1} << 33};
// So many units without advance are a clock that does not run.
constexpr unsigned kStuckUnits = 3;
// A unit whose time does not advance gets this fraction of the usual interval.
constexpr Ticks kSmallestStep = 8;
// A slow camera's hole is longer than so many of its intervals.
constexpr Ticks kHoleIntervals = 5;
// A first interval up to this is believed when the arrivals agree.
constexpr std::chrono::seconds kLongestInterval{60};

template <class Duration>
Ticks ticks_of(Duration duration, std::uint32_t clock_rate) {
  return to_ticks(std::chrono::duration_cast<MediaTime>(duration), clock_rate);
}

std::int64_t scale(std::int64_t value, std::int64_t from, std::int64_t to) {
  auto seconds = value / from;
  auto rest = value % from;
  if (rest < 0) {
    rest += from;
    --seconds;
  }
  return std::clamp(seconds, -kLargestSeconds, kLargestSeconds) * to + rest * to / from;
}

Ticks usable(Ticks time) {
  return std::abs(time == kNoTime ? 0 : time) > kLargestCameraTime ? kNoTime : time;
}

// How much later than decoded a unit is shown; 0 where the two times make no sense together.
Ticks composition_of(Ticks pts, Ticks dts, std::uint32_t clock_rate) {
  const auto largest = ticks_of(Timeline::kLargestSkew, clock_rate);
  for (const auto wrap : {Ticks{0}, kWraps[0], kWraps[1]}) {
    const auto composition = pts - dts + wrap;
    if (composition >= 0 && composition <= largest) return composition;
  }
  return 0;
}

std::optional<std::uint8_t> declared_reorder(const media::VideoInfo& video) {
  if (video.codec == media::Codec::kH264) {
    const auto sps = media::parse_h264_sps(video.sps);
    return sps ? sps->max_reorder : std::nullopt;
  }
  if (video.codec == media::Codec::kH265) {
    const auto sps = media::parse_h265_sps(video.sps);
    return sps ? std::optional(sps->max_reorder) : std::nullopt;
  }
  return 0;
}

}  // namespace

MediaTime to_media_time(Ticks ticks, std::uint32_t clock_rate) {
  assert(clock_rate != 0);
  return MediaTime(scale(ticks, clock_rate, MediaTime::period::den));
}

Ticks to_ticks(MediaTime time, std::uint32_t clock_rate) {
  assert(clock_rate != 0);
  return scale(time.count(), MediaTime::period::den, clock_rate);
}

Timeline::Timeline(steady_clock::time_point origin) : origin_(origin) { video_.video = true; }

void Timeline::set_info(const media::StreamInfo& info) {
  if (info.video && info.video->clock_rate != 0) {
    change_clock_rate(video_, info.video->clock_rate);
    const auto& rate = info.video->frame_rate;
    const Ticks declared =
        rate.numerator == 0 ? 0 : Ticks{video_.clock_rate} * rate.denominator / rate.numerator;
    if (declared > 0 && declared <= ticks_of(kLongestHole, video_.clock_rate) && !video_.interval_learned) {
      video_.interval = declared;
    } else if (!video_.interval_learned) {
      video_.interval = std::max(1u, video_.clock_rate / 25);
    }
    const auto reorder = declared_reorder(*info.video);
    video_.reorder_known = reorder.has_value();
    if (reorder) video_.reorder = std::min<std::size_t>(*reorder, kMaxReorder);
  }
  if (info.audio && info.audio->clock_rate != 0) {
    change_clock_rate(audio_, info.audio->clock_rate);
    audio_.interval = std::max(1u, audio_.clock_rate / 50);  // RFC 3551 §4.2: packets of 20 ms
    audio_.interval_fixed = false;
    const auto aac = media::parse_audio_specific_config(info.audio->config);
    if (info.audio->codec == media::Codec::kAac && aac) {
      audio_.interval = std::max<Ticks>(1, Ticks{aac->frame_samples} * audio_.clock_rate / aac->sample_rate);
      audio_.interval_fixed = true;
    }
  }
}

void Timeline::reconnect() {
  for (auto* track : {&video_, &audio_, &metadata_}) {
    if (track->last_dts >= 0) {
      floor_ = std::max(floor_, to_media_time(track->last_dts + track->interval, track->clock_rate));
      hard_pending_ = true;
    }
    forget_session(*track);
  }
  epoch_.reset();
}

// The track's place on the axis is kept; what it knew of the camera's clock is not.
void Timeline::change_clock_rate(Track& track, std::uint32_t clock_rate) {
  if (clock_rate == track.clock_rate) return;
  if (track.last_dts >= 0)
    track.last_dts = to_ticks(to_media_time(track.last_dts, track.clock_rate), clock_rate);
  track.clock_rate = clock_rate;
  track.interval_learned = false;
  forget_session(track);
}

void Timeline::forget_session(Track& track) {
  track.started = track.has_offset = track.source_knows_dts = false;
  track.wrap = 0;
  track.stuck = 0;
  track.pending_count = track.history_count = 0;
}

Timeline::Track& Timeline::track_of(media::TrackKind kind) {
  switch (kind) {
    case media::TrackKind::kVideo:
      return video_;
    case media::TrackKind::kAudio:
      return audio_;
    case media::TrackKind::kMetadata:
      break;
  }
  return metadata_;
}

Break Timeline::apply(media::AccessUnit& unit) {
  auto& track = track_of(unit.track);
  auto pts = usable(unit.pts), dts = usable(unit.dts);
  if (dts != kNoTime && pts != kNoTime && dts < pts) track.source_knows_dts = true;
  // The clock that is followed: decoding times where the source has them, presentation times else.
  const bool by_dts = dts != kNoTime && (track.source_knows_dts || pts == kNoTime);
  const Ticks composition = by_dts && pts != kNoTime ? composition_of(pts, dts, track.clock_rate) : 0;
  auto [axis, brk] = place(track, by_dts ? dts : pts, unit.arrival);
  track.last_arrival = unit.arrival;

  if (by_dts) {
    unit.dts = axis;
    unit.pts = axis + composition;
  } else {
    unit.pts = axis;
    if (brk == Break::kHard) track.pending_count = track.history_count = 0;
    brk = std::max(brk, order(track, unit));
  }

  const auto least = std::max<Ticks>(
      0, track.last_dts + (track.last_dts < 0 ? 1 : std::max<Ticks>(1, track.interval / kSmallestStep)));
  if (unit.dts <= track.last_dts || unit.dts < 0) {
    unit.dts = least;
    ++counters_.repaired;
  }
  unit.pts = std::max(unit.pts, unit.dts);

  if (track.last_dts >= 0 && brk == Break::kNone && !track.interval_fixed && !unit.gap_before) {
    const auto step = unit.dts - track.last_dts;
    if (step <= ticks_of(kLongestHole, track.clock_rate)) {
      track.interval = track.interval_learned ? (7 * track.interval + step) / 8 : step;
      track.interval = std::max<Ticks>(1, track.interval);
      track.interval_learned = true;
    }
  }
  if (track.video || unit.duration <= 0) unit.duration = track.interval;
  track.last_dts = unit.dts;
  if (hard_pending_) brk = Break::kHard;
  hard_pending_ = false;
  return brk;
}

Timeline::Placed Timeline::place(Track& track, Ticks camera, steady_clock::time_point arrival) {
  if (camera == kNoTime || (track.started && !track.has_offset)) {
    const auto axis = next_by_arrival(track, arrival);
    track.started = true;
    track.last_axis = axis;
    if (camera == kNoTime) {
      ++counters_.repaired;
    } else {
      track.wrap = 0;
      anchor(track, camera, axis);
    }
    return {axis, Break::kNone};
  }
  if (!track.started) return place_first(track, camera, arrival);

  const auto hole = std::max(ticks_of(kLongestHole, track.clock_rate), kHoleIntervals * track.interval);
  const auto back = ticks_of(kLargestStepBack, track.clock_rate);
  const auto in_place = [&](Ticks delta) { return delta > -back && delta <= hole; };
  auto delta = camera + track.wrap - track.last_camera;
  if (std::abs(delta) >= kWraps[0] / 2) {
    for (const auto wrap : kWraps) {
      const auto turned = delta < 0 ? wrap : -wrap;
      if (!in_place(delta + turned)) continue;
      track.wrap += turned;
      delta += turned;
      break;
    }
  }
  camera += track.wrap;
  if (!in_place(delta)) return place_break(track, camera, delta, arrival);

  track.stuck = delta == 0 ? track.stuck + 1 : 0;
  if (track.stuck >= kStuckUnits) {
    // Only this track's clock stands still: nothing for the common epoch.
    ++counters_.repaired;
    track.offset = next_by_arrival(track, arrival) - camera;
  } else {
    join_epoch(track, camera, camera + track.offset);
  }
  track.last_camera = camera;
  track.last_axis = camera + track.offset;
  return {track.last_axis, Break::kNone};
}

Timeline::Placed Timeline::place_first(Track& track, Ticks camera, steady_clock::time_point arrival) {
  // Decoding begins before the first picture is shown, by the depth of reordering.
  const Ticks lead = track.source_knows_dts ? 0 : static_cast<Ticks>(track.reorder) * track.interval;
  const auto wanted = earliest(track, arrival) + lead;
  track.started = true;
  track.wrap = 0;
  track.serial = serial_ - 1;  // not yet on the common epoch
  track.has_offset = false;
  join_epoch(track, camera, wanted);
  if (!track.has_offset || camera + track.offset <= track.last_dts) anchor(track, camera, wanted);
  track.last_camera = camera;
  track.last_axis = camera + track.offset;
  return {track.last_axis, Break::kNone};
}

Timeline::Placed Timeline::place_break(Track& track, Ticks camera, Ticks delta,
                                       steady_clock::time_point arrival) {
  const auto waited = arrival - track.last_arrival;
  const auto skew = ticks_of(kLargestSkew, track.clock_rate);
  const bool real_time = std::abs(delta - ticks_of(waited, track.clock_rate)) <= skew && delta > 0;
  auto brk = Break::kSoft;
  if (waited > kLongestHole) brk = Break::kHard;
  if (real_time) {
    // The camera's clock is right: nothing came for a while.
    brk = Break::kHard;
    ++counters_.holes;
    if (!track.interval_learned && !track.interval_fixed && waited <= kLongestInterval) {
      track.interval = delta;
      track.interval_learned = true;
    }
  } else {
    ++counters_.jumps;
    const auto expected = brk == Break::kHard
                              ? std::max(earliest(track, arrival), next_by_arrival(track, arrival))
                              : next_by_arrival(track, arrival);
    // The other track may have jumped already, by the same amount.
    track.serial = serial_ - 1;
    track.has_offset = false;
    join_epoch(track, camera, expected);
    if (!track.has_offset) anchor(track, camera, expected);
  }
  track.stuck = 0;
  track.last_camera = camera;
  track.last_axis = camera + track.offset;
  return {track.last_axis, brk};
}

void Timeline::anchor(Track& track, Ticks camera, Ticks wanted) {
  track.offset = wanted - camera;
  track.last_camera = camera;
  track.has_offset = true;
  epoch_ = to_media_time(wanted, track.clock_rate) - to_media_time(camera, track.clock_rate);
  track.serial = ++serial_;
}

// Takes over what another track has set since, where that puts `camera` near `expected`.
void Timeline::join_epoch(Track& track, Ticks camera, Ticks expected) {
  if (!epoch_ || track.serial == serial_) return;
  const auto offset = to_ticks(*epoch_, track.clock_rate);
  if (std::abs(camera + offset - expected) > ticks_of(kLargestSkew, track.clock_rate)) return;
  track.offset = offset;
  track.has_offset = true;
  track.serial = serial_;
}

// The server's time, but nothing that lies before what has been.
Ticks Timeline::earliest(const Track& track, steady_clock::time_point arrival) const {
  const auto now = std::max(std::chrono::duration_cast<MediaTime>(arrival - origin_), floor_);
  return std::max({Ticks{0}, to_ticks(now, track.clock_rate), track.last_dts + 1});
}

Ticks Timeline::next_by_arrival(const Track& track, steady_clock::time_point arrival) const {
  if (!track.started) return earliest(track, arrival);
  const auto waited = ticks_of(arrival - track.last_arrival, track.clock_rate);
  // A burst behind a stall comes faster than it was taken; fixed frames follow each other exactly.
  if (track.interval_fixed && waited < 2 * track.interval) return track.last_axis + track.interval;
  const auto longest = std::max(ticks_of(kLongestHole, track.clock_rate), track.interval);
  return track.last_axis + std::clamp(waited, std::max<Ticks>(1, track.interval / 2), longest);
}

// Decoding times from presentation times: the n-th picture is decoded when the n-th earliest of all is shown,
// `reorder` pictures ahead. Sets unit.dts, and moves both later when the order turns out deeper than thought.
Break Timeline::order(Track& track, media::AccessUnit& unit) {
  if (!track.video) {
    unit.dts = unit.pts;
    return Break::kNone;
  }
  auto brk = Break::kNone;
  const auto seen = std::min(track.history_count, track.history.size());
  const auto* begin = track.history.data();
  const auto later =
      static_cast<std::size_t>(std::count_if(begin, begin + seen, [&](Ticks t) { return t > unit.pts; }));
  const bool repeated = std::find(begin, begin + seen, unit.pts) != begin + seen;
  if (later > track.reorder && !track.reorder_known && !repeated) {
    const auto shift = std::max<Ticks>(0, track.last_dts + track.interval - unit.pts);
    track.reorder = std::min(later, kMaxReorder);
    track.pending_count = 0;
    anchor(track, track.last_camera, track.last_axis + shift);
    track.last_axis += shift;
    unit.pts += shift;
    for (std::size_t i = 0; i < seen; ++i) track.history[i] += shift;
    ++counters_.repaired;
    brk = Break::kSoft;
  }
  if (track.pending_count != track.reorder) reset_order(track, unit.pts);
  track.history[track.history_count++ % track.history.size()] = unit.pts;
  auto* const first = track.pending.data();
  auto* const last = first + track.pending_count + 1;
  *(last - 1) = unit.pts;
  std::rotate(std::upper_bound(first, last - 1, unit.pts), last - 1, last);
  unit.dts = *first;
  std::move(first + 1, last, first);
  return brk;
}

// What is still to serve as decoding times: the latest presentation times so far, or as many before the
// first.
void Timeline::reset_order(Track& track, Ticks pts) {
  const auto seen = std::min(track.history_count, track.history.size());
  auto known = track.history;
  std::sort(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(seen));
  track.pending_count = track.reorder;
  const auto from_history = std::min(seen, track.reorder);
  const auto missing = track.reorder - from_history;
  const auto base = from_history > 0 ? known[seen - from_history] : pts;
  for (std::size_t i = 0; i < missing; ++i) {
    track.pending[i] = base - static_cast<Ticks>(missing - i) * track.interval;
  }
  for (std::size_t i = 0; i < from_history; ++i) track.pending[missing + i] = known[seen - from_history + i];
}

}  // namespace camctl::hls
