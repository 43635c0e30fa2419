// The tiers of one camera: renditions that are transcoded from its main stream while somebody watches them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/tiers/tier_plan.h"
#include "base/result.h"
#include "libhls/ffmpeg_source.h"
#include "libhls/playlist.h"
#include "libhls/stream.h"

namespace camctl::apps::serve {

class ServedCamera;

// What they are made with.
struct TierMakers {
  // Whether any may be transcoded at all.
  std::function<bool()> allowed;
  // A rendition of this camera, to be started.
  std::function<std::shared_ptr<ServedCamera>(const std::shared_ptr<ServedCamera>& main,
                                              const TierPlan& plan)>
      make;
  // The video of such a one, made of this one, and its bit rate.
  std::function<Result<media::VideoInfo>(const media::VideoInfo& main, const TierPlan& plan)> preview;
};

// Thread-safe.
class Tiers {
 public:
  // `camera`: its id, for log lines.
  Tiers(std::string camera, std::vector<TierPlan> plans, bool other_h264, TierMakers makers);

  // The tier of this name, made when it is first asked for. Null: there is none, or not beside what `main`
  // shows now.
  std::shared_ptr<ServedCamera> find(std::string_view name, const std::shared_ptr<ServedCamera>& main);

  // Those that are offered beside the main variant, for the multivariant playlist: known before they run. The
  // first time for a main stream, encoders are opened, which takes some milliseconds.
  std::vector<hls::Variant> variants(const hls::Variant& main, std::chrono::seconds target);

  // As GET /api/cameras shows them.
  struct Status {
    std::string name;
    std::uint16_t width = 0, height = 0;  // 0: not known
    bool offered = true;
    hls::StreamState state = hls::StreamState::kIdle;
    std::string reason;  // why it is not offered, or not live
  };
  // Also those that were asked for in the configuration and are not offered.
  std::vector<Status> status(const media::VideoInfo& main);

  struct Made {
    std::string name;
    std::shared_ptr<ServedCamera> camera;
  };
  std::vector<Made> made() const;
  // Stops them; no more are made.
  void stop();

 private:
  struct Entry {
    TierPlan plan;
    std::shared_ptr<ServedCamera> camera;             // null before it is first asked for
    std::optional<media::VideoInfo> source, preview;  // what the one becomes
    std::string left_out;                             // why there is none
  };
  // With mutex_ held.
  bool offered(const TierPlan& plan, const media::VideoInfo& main) const;
  std::string why_left_out(const TierPlan& plan, const media::VideoInfo& main) const;
  void leave_out(Entry& entry, std::string reason);
  const media::VideoInfo* preview(Entry& entry, const media::VideoInfo& main);

  const std::string camera_;
  const std::vector<TierPlan> plans_;
  const bool other_h264_;
  const TierMakers makers_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
  bool stopped_ = false;
};

}  // namespace camctl::apps::serve
