#include "apps/serve/tiers/tier_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace camctl::apps::serve {
namespace {

// Half the encoder's work of 1080, and a lower rate than that of most H.265 cameras: players that could play
// either change to the higher rate (GStreamer 1.22 then breaks off at the other codec).
constexpr std::uint16_t kFallbackHeight = 720;

}  // namespace

std::vector<TierPlan> plan_tiers(const StreamSettings& settings, bool other_h264) {
  std::vector<TierPlan> plans;
  for (const auto& tier : settings.tiers) {
    const auto height = static_cast<std::uint16_t>(tier.height);
    const auto same = std::ranges::count(plans, height, &TierPlan::height);
    plans.push_back({same == 0 ? fmt::format("{}p", height) : fmt::format("{}p{}", height, same + 1), height,
                     static_cast<std::uint32_t>(tier.bitrate)});
  }
  if (settings.h264_fallback && !other_h264)
    plans.push_back({std::string(kFallbackTier), kFallbackHeight, 0});
  return plans;
}

std::vector<TierPlan> offered_tiers(const std::vector<TierPlan>& plans, const media::VideoInfo& main,
                                    bool other_h264) {
  std::vector<TierPlan> offered;
  if (main.width == 0 || main.height == 0) return offered;
  const auto is_fallback = [](const TierPlan& plan) { return plan.name == kFallbackTier; };
  std::ranges::copy_if(plans, std::back_inserter(offered),
                       [&](const TierPlan& plan) { return !is_fallback(plan) && plan.height < main.height; });
  if (main.codec != media::Codec::kH265 || other_h264 || !offered.empty()) return offered;
  // The smallest of those that are configured, else our own.
  const TierPlan* best = nullptr;
  for (const auto& plan : plans)
    if (!is_fallback(plan) && (best == nullptr || plan.height < best->height)) best = &plan;
  const auto fallback = std::ranges::find_if(plans, is_fallback);
  if (best == nullptr && fallback != plans.end()) best = &*fallback;
  if (best != nullptr) offered.push_back(*best);
  return offered;
}

}  // namespace camctl::apps::serve
