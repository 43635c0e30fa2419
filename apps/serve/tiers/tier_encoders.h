// What this machine encodes tiers with, and what will come out of it.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "apps/common/config.h"
#include "apps/serve/tiers/tier_plan.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/ffmpeg_source.h"

namespace camctl::apps::serve {

// Asks libavcodec once for each answer, and keeps it. Thread-safe; the first of each takes milliseconds.
class TierEncoders {
 public:
  // Beyond, what is known is forgotten: cameras have a handful of sizes and rates between them.
  static constexpr std::size_t kMaxKnown = 256;

  // How to transcode this tier of a camera with these settings, whose segments last `target` at most.
  hls::TranscodeOptions options(const TierPlan& plan, const StreamSettings& settings,
                                std::chrono::seconds target);
  // The video that comes of it.
  Result<media::VideoInfo> preview(const media::VideoInfo& source, const hls::TranscodeOptions& options);

 private:
  std::string encoder(const std::string& wanted);

  std::mutex mutex_;
  std::map<std::string, std::string> chosen_;                 // by what is wanted
  std::map<std::string, Result<media::VideoInfo>> previews_;  // by size, rates and encoder
};

}  // namespace camctl::apps::serve
