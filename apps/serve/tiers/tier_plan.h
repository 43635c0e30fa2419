// Which renditions of a camera are transcoded from its main stream, and when they are offered.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/config.h"
#include "base/media/stream_info.h"

namespace camctl::apps::serve {

// The rendition for browsers that can't play the camera's H.265.
inline constexpr std::string_view kFallbackTier = "h264";

// A viewer chose a tier for its rate: no more than so much of it may come at once.
inline constexpr std::chrono::milliseconds kTierRateBuffer{500};

struct TierPlan {
  std::string name;  // "480p", "480p2", …, or kFallbackTier: its folder in addresses
  std::uint16_t height = 0;
  std::uint32_t bitrate = 0;  // bit/s; 0: as its size needs
  friend bool operator==(const TierPlan&, const TierPlan&) = default;
};

// All that a camera with these settings may have. `other_h264`: one of its own streams besides main is H.264.
std::vector<TierPlan> plan_tiers(const StreamSettings& settings, bool other_h264);

// Those of `plans` that make sense beside this main stream: smaller pictures; and where it is H.265 and
// nothing else of the camera is H.264, one at least, though it be as large.
std::vector<TierPlan> offered_tiers(const std::vector<TierPlan>& plans, const media::VideoInfo& main,
                                    bool other_h264);

}  // namespace camctl::apps::serve
