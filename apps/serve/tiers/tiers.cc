#include "apps/serve/tiers/tiers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/serve/hls_query.h"
#include "apps/serve/served_camera.h"
#include "base/log.h"

namespace camctl::apps::serve {

Tiers::Tiers(std::string camera, std::vector<TierPlan> plans, bool other_h264, TierMakers makers)
    : camera_(std::move(camera)),
      plans_(std::move(plans)),
      other_h264_(other_h264),
      makers_(std::move(makers)) {
  for (const auto& plan : plans_) entries_.push_back({plan, nullptr, std::nullopt, std::nullopt, {}});
}

// Of a tier that somebody has asked for in the configuration; empty for one that nobody misses.
std::string Tiers::why_left_out(const TierPlan& plan, const media::VideoInfo& main) const {
  if (plan.name == kFallbackTier && main.codec != media::Codec::kH265) return {};
  if (!makers_.allowed()) return "max_transcodes is 0";
  if (plan.name == kFallbackTier) return {};  // something else is there in H.264
  if (main.height == 0) return "the size of the camera's picture is not known";
  return fmt::format("it is not smaller than the camera's picture of {}x{}", main.width, main.height);
}

// Says it once for each reason.
void Tiers::leave_out(Entry& entry, std::string reason) {
  if (entry.left_out == reason) return;
  entry.left_out = std::move(reason);
  if (!entry.left_out.empty())
    log::get().warn("camera {}: its tier {} is left out: {}", camera_, entry.plan.name, entry.left_out);
}

bool Tiers::offered(const TierPlan& plan, const media::VideoInfo& main) const {
  const auto all = offered_tiers(plans_, main, other_h264_);
  return makers_.allowed() && std::ranges::find(all, plan) != all.end();
}

ServedCameraPtr Tiers::find(std::string_view name, const ServedCameraPtr& main) {
  const auto info = main->status().info;
  const std::lock_guard lock(mutex_);
  const auto entry = std::ranges::find(entries_, name, [](const Entry& one) { return one.plan.name; });
  if (entry == entries_.end() || stopped_) return nullptr;
  if (info && info->video && !offered(entry->plan, *info->video)) return nullptr;
  if (!entry->camera) {
    entry->camera = makers_.make(main, entry->plan);
    entry->camera->attach(entry->plan.name, main);
    entry->camera->start();
  }
  return entry->camera;
}

const media::VideoInfo* Tiers::preview(Entry& entry, const media::VideoInfo& main) {
  if (entry.source != main) {
    auto made = makers_.preview(main, entry.plan);
    entry.source = main;
    leave_out(entry, made ? std::string() : made.error().message);
    entry.preview = made ? std::optional(std::move(*made)) : std::nullopt;
  }
  return entry.preview ? &*entry.preview : nullptr;
}

std::vector<hls::Variant> Tiers::variants(const hls::Variant& main, std::chrono::seconds target) {
  std::vector<hls::Variant> result;
  if (!main.info.video) return result;
  const std::lock_guard lock(mutex_);
  for (auto& entry : entries_) {
    if (!offered(entry.plan, *main.info.video)) {
      leave_out(entry, why_left_out(entry.plan, *main.info.video));
      continue;
    }
    const auto* video = preview(entry, *main.info.video);
    if (!video) continue;
    hls::PlannedVariant planned;
    planned.info = main.info;
    planned.info.video = *video;
    planned.bitrate = entry.plan.bitrate != 0 ? entry.plan.bitrate : hls::automatic_bitrate(*video);
    planned.rate_buffer = kTierRateBuffer;
    planned.target_duration = target;
    const auto epoch = entry.camera ? entry.camera->stream().state()->part_epoch : 0;
    const auto uri = to_string({entry.plan.name, epoch}) + "/media.m3u8";
    if (entry.camera)
      if (auto measured = entry.camera->stream().variant(uri)) planned.measured = std::move(*measured);
    result.push_back(hls::planned_variant(main, planned, uri));
  }
  return result;
}

std::vector<Tiers::Status> Tiers::status(const media::VideoInfo& main) {
  std::vector<Status> result;
  const std::lock_guard lock(mutex_);
  for (auto& entry : entries_) {
    const auto* video = offered(entry.plan, main) ? preview(entry, main) : nullptr;
    if (!video) {
      if (!offered(entry.plan, main)) leave_out(entry, why_left_out(entry.plan, main));
      if (!entry.left_out.empty())
        result.push_back({entry.plan.name, 0, 0, false, hls::StreamState::kIdle, entry.left_out});
      continue;
    }
    Status status{entry.plan.name, video->width, video->height, true, hls::StreamState::kIdle, {}};
    if (entry.camera) {
      auto now = entry.camera->status();
      status.state = now.state;
      status.reason = std::move(now.reason);
    }
    result.push_back(std::move(status));
  }
  return result;
}

std::vector<Tiers::Made> Tiers::made() const {
  std::vector<Made> result;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_)
    if (entry.camera) result.push_back({entry.plan.name, entry.camera});
  return result;
}

void Tiers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  for (const auto& tier : made()) {
    tier.camera->stop();
    tier.camera->waiting().wake();
  }
}

}  // namespace camctl::apps::serve
