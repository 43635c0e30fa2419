#include "apps/serve/tiers/tier_encoders.h"

#include <fmt/format.h>

#include "base/log.h"
#include "libhls/encoder_choice.h"

namespace camctl::apps::serve {

// With mutex_ held.
std::string TierEncoders::encoder(const std::string& wanted) {
  if (const auto known = chosen_.find(wanted); known != chosen_.end()) return known->second;
  const auto choice = hls::choose_encoder(wanted);
  if (choice) {
    log::get().info("tiers are transcoded by {}", choice->name);
    for (const auto& absent : choice->absent) log::get().debug("{}", absent);
  } else {
    log::get().error("tiers are transcoded by {}: {}", hls::kSoftwareEncoder, choice.error().message);
  }
  return chosen_[wanted] = choice ? choice->name : std::string(hls::kSoftwareEncoder);
}

hls::TranscodeOptions TierEncoders::options(const TierPlan& plan, const StreamSettings& settings,
                                            std::chrono::seconds target) {
  hls::TranscodeOptions options;
  options.bitrate = options.maxrate = plan.bitrate;
  options.rate_buffer = kTierRateBuffer;
  options.preset = settings.preset;
  options.height = plan.height;
  options.key_interval = target;
  options.beside_source = true;
  const std::lock_guard lock(mutex_);
  options.encoder = encoder(settings.video_encoder);
  return options;
}

Result<media::VideoInfo> TierEncoders::preview(const media::VideoInfo& source,
                                               const hls::TranscodeOptions& options) {
  const auto key = fmt::format("{}x{} {}/{} {} {} {} {} {}", source.width, source.height,
                               source.frame_rate.numerator, source.frame_rate.denominator, source.clock_rate,
                               options.height, options.bitrate, options.encoder, options.preset);
  const std::lock_guard lock(mutex_);
  if (const auto known = previews_.find(key); known != previews_.end()) return known->second;
  auto video = hls::transcoded_video(source, options);
  if (!video) log::get().warn("{}; the tier is left out", video.error().message);
  if (previews_.size() >= kMaxKnown) previews_.clear();
  return previews_.insert_or_assign(key, std::move(video)).first->second;
}

}  // namespace camctl::apps::serve
