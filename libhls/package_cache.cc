#include "libhls/package_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libhls/ffmpeg/aac_encode.h"
#include "libhls/packager_fmp4.h"
#include "libhls/packager_ts.h"

namespace camctl::hls {
namespace {

bool needs_encoding(const media::StreamInfo& info) {
  return info.audio && info.audio->codec != media::Codec::kAac;
}

// The segment with its video alone.
Segment without_audio(const Segment& segment) {
  Segment result = segment;
  auto info = std::make_shared<media::StreamInfo>(*segment.info);
  info->audio.reset();
  result.info = std::move(info);
  std::erase_if(result.units, [](const auto& unit) { return unit->track == media::TrackKind::kAudio; });
  result.audio_end = 0;
  return result;
}

}  // namespace

media::StreamInfo PackageCache::packaged(const media::StreamInfo& info) const {
  auto result = info;
  if (needs_encoding(info)) result.audio = options_.encode_audio ? encoded_audio(*info.audio) : std::nullopt;
  return result;
}

void PackageCache::listed(const WindowState& state) {
  if (state.segments.empty()) return;
  const auto& newest = *state.segments.back();
  auto entry = std::make_shared<Entry>();
  const bool follows = state.segments.size() > 1 && !newest.discontinuity;
  if (follows && needs_encoding(*newest.info))
    entry->lead_in = audio_lead_in(*state.segments[state.segments.size() - 2]);

  const auto oldest_listed = state.segments.front()->number;
  std::vector<std::shared_ptr<Entry>> gone;  // freed without the lock
  const std::lock_guard lock(mutex_);
  entries_.try_emplace(newest.number, std::move(entry));
  for (auto it = entries_.begin(); it != entries_.end() && it->first < oldest_listed;) {
    if (!window_.find(it->first)) {
      gone.push_back(std::move(it->second));
      it = entries_.erase(it);
    } else {
      forget_copy(*it->second);
      ++it;
    }
  }
}

void PackageCache::forget_copy(Entry& entry) {
  const std::unique_lock lock(entry.mutex, std::try_to_lock);  // somebody packages it just now: next time
  if (lock.owns_lock()) entry.ts.reset();
}

std::shared_ptr<PackageCache::Entry> PackageCache::entry(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : found->second;
}

Result<SegmentPtr> PackageCache::prepared(const SegmentPtr& segment, const Entry& entry) const {
  if (!needs_encoding(*segment->info)) return segment;
  if (!options_.encode_audio || !encoded_audio(*segment->info->audio))
    return std::make_shared<const Segment>(without_audio(*segment));
  auto encoded = encode_aac(*segment, entry.lead_in, options_.audio_bitrate);
  if (!encoded) return fail(encoded.error());
  return std::make_shared<const Segment>(std::move(*encoded));
}

Result<BodyPtr> PackageCache::get(std::uint64_t number, Container container) const {
  const auto segment = window_.find(number);
  const auto cached = entry(number);
  if (!segment || !cached)
    return fail(ErrorCode::kNotFound, fmt::format("there is no segment {} (any more)", number));
  const std::lock_guard lock(cached->mutex);
  auto& body = container == Container::kTs ? cached->ts : cached->fmp4;
  if (body) return body;
  if (!cached->segment) {
    auto ready = prepared(segment, *cached);
    if (!ready) return fail(ready.error());
    cached->segment = std::move(*ready);
  }
  auto made = container == Container::kTs ? package_ts(*cached->segment) : package_fmp4(*cached->segment);
  if (!made) return fail(made.error());
  return body = std::move(*made);
}

Result<BodyPtr> PackageCache::init(std::uint32_t version) const {
  const auto info = window_.find_info(version);
  if (!info) return fail(ErrorCode::kNotFound, fmt::format("there is no init-{}.mp4 (any more)", version));
  return package_init(packaged(*info));
}

}  // namespace camctl::hls
