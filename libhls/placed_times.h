// Units of a stream that is made from another one: their times lie on the axis already.
#pragma once

#include <cstdint>
#include <optional>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "libhls/timeline.h"

namespace camctl::hls {

// What Timeline does for a camera's units is done; what is left is to see where units are missing, and that
// nothing goes back when the source begins again.
class PlacedTimes {
 public:
  void set_info(const media::StreamInfo& info);

  // A new session begins: the next unit is a hard break.
  void reconnect() { broken_ = true; }

  // How the unit follows the one before it. Nothing: it lies before what was given already.
  std::optional<Break> apply(media::AccessUnit& unit);

 private:
  struct Track {
    std::uint32_t clock_rate = 90'000;
    media::Ticks last_dts = -1;
    media::Ticks interval = 3'600;  // for units that don't say how long they last
  };

  Track video_, audio_;
  bool has_video_ = false;
  bool broken_ = false;
};

}  // namespace camctl::hls
