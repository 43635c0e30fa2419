#include "apps/serve/tiers/tier_plan.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

using Names = std::vector<std::string>;

StreamSettings with_tiers(std::vector<Tier> tiers, bool fallback = true) {
  StreamSettings settings;
  settings.tiers = std::move(tiers);
  settings.h264_fallback = fallback;
  return settings;
}

Names offered(const StreamSettings& settings, media::Codec codec, std::uint16_t height,
              bool other_h264 = false) {
  media::VideoInfo main;
  main.codec = codec;
  main.width = static_cast<std::uint16_t>(height * 16 / 9);
  main.height = height;
  Names names;
  for (const auto& plan : offered_tiers(plan_tiers(settings, other_h264), main, other_h264))
    names.push_back(plan.name);
  return names;
}

TEST_CASE("tiers are named by their height") {
  const auto plans = plan_tiers(with_tiers({{480, 800'000}, {720, 2'000'000}, {480, 400'000}}), false);
  REQUIRE(plans.size() == 4);
  CHECK(plans[0] == TierPlan{"480p", 480, 800'000});
  CHECK(plans[1].name == "720p");
  CHECK(plans[2] == TierPlan{"480p2", 480, 400'000});
  CHECK(plans[3].name == kFallbackTier);
  CHECK(plan_tiers(with_tiers({}), true).empty());
  CHECK(plan_tiers(with_tiers({}, false), false).empty());
}

TEST_CASE("an H.264 camera has the tiers that are smaller than its picture") {
  const auto settings = with_tiers({{480, 1}, {1080, 1}});
  CHECK(offered(settings, media::Codec::kH264, 1080) == Names{"480p"});
  CHECK(offered(settings, media::Codec::kH264, 480).empty());
  CHECK(offered(settings, media::Codec::kH264, 2160) == Names{"480p", "1080p"});
  CHECK(offered(settings, media::Codec::kH264, 0).empty());
}

TEST_CASE("an H.265 camera has something in H.264") {
  CHECK(offered(with_tiers({}), media::Codec::kH265, 1080) == Names{"h264"});
  CHECK(offered(with_tiers({}), media::Codec::kH265, 1080, true).empty());  // its sub stream
  CHECK(offered(with_tiers({}, false), media::Codec::kH265, 1080).empty());
  CHECK(offered(with_tiers({{480, 1}}), media::Codec::kH265, 1080) == Names{"480p"});
  // Larger than its picture, so not enlarged, but the one that was asked for.
  CHECK(offered(with_tiers({{1080, 1}, {720, 1}}), media::Codec::kH265, 480) == Names{"720p"});
  CHECK(offered(with_tiers({{720, 1}}), media::Codec::kH265, 480, true).empty());
}

}  // namespace
}  // namespace camctl::apps::serve
