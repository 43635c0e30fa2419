#include "libhls/placed_times.h"

#include <algorithm>
#include <utility>

namespace camctl::hls {

void PlacedTimes::set_info(const media::StreamInfo& info) {
  const auto set = [](Track& track, std::uint32_t clock_rate) {
    if (clock_rate == 0 || clock_rate == track.clock_rate) return;
    track = {};
    track.clock_rate = clock_rate;
  };
  has_video_ = info.video.has_value();
  if (info.video) set(video_, info.video->clock_rate);
  if (info.audio) set(audio_, info.audio->clock_rate);
}

std::optional<Break> PlacedTimes::apply(media::AccessUnit& unit) {
  const bool video = unit.track == media::TrackKind::kVideo;
  auto& track = video ? video_ : audio_;
  if (unit.dts <= track.last_dts) return std::nullopt;
  const auto step = unit.dts - track.last_dts;
  const auto hole = to_ticks(std::chrono::duration_cast<MediaTime>(Timeline::kLongestHole), track.clock_rate);
  const bool first = track.last_dts < 0;
  const bool missing = !first && step > hole && (video || !has_video_);
  if (unit.duration > 0)
    track.interval = unit.duration;
  else if (!first && !missing)
    track.interval = step;
  unit.duration = track.interval;
  track.last_dts = unit.dts;
  return std::exchange(broken_, false) || missing ? Break::kHard : Break::kNone;
}

}  // namespace camctl::hls
