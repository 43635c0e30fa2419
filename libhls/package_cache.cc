#include "libhls/package_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libhls/packager_fmp4.h"
#include "libhls/packager_ts.h"

namespace camctl::hls {
namespace {

// The bodies of parts are kept for the newest segments only: players ask for them while they are new.
constexpr std::uint64_t kSegmentsWithParts = 3;

bool needs_encoding(const media::StreamInfo& info) {
  return info.audio && info.audio->codec != media::Codec::kAac;
}

// A segment or part with its video alone.
template <class Media>
Media without_audio(const Media& media) {
  Media result = media;
  auto info = std::make_shared<media::StreamInfo>(*media.info);
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
  const auto& listed = state.classic;  // behind a gap there is a discontinuity: no sound goes on across it
  const auto* newest = listed.empty() ? nullptr : listed.back().get();
  if (state.open) return add_entry(*state.open, newest);
  if (newest == nullptr) return;
  add_entry(*newest, listed.size() > 1 ? listed[listed.size() - 2].get() : nullptr);

  const auto oldest_listed = listed.front()->number;
  std::vector<std::shared_ptr<Entry>> gone;  // freed without the lock
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end() && it->first + kSegmentsWithParts < newest->number;) {
    if (it->first < oldest_listed && !window_.find(it->first)) {
      gone.push_back(std::move(it->second));
      it = entries_.erase(it);
    } else {
      forget_copies(*it->second, it->first >= oldest_listed);
      ++it;
    }
  }
}

void PackageCache::add_entry(const SegmentHead& newest, const Segment* before) {
  const std::lock_guard lock(mutex_);
  if (!entries_.empty() && entries_.rbegin()->first == newest.number) return;  // mostly: a further part of it
  const auto [at, added] = entries_.try_emplace(newest.number);
  if (!added) return;
  at->second = std::make_shared<Entry>();
  if (before != nullptr && !newest.discontinuity && needs_encoding(*newest.info))
    at->second->lead_in = audio_lead_in(*before);
}

void PackageCache::clear() {
  std::map<std::uint64_t, std::shared_ptr<Entry>> gone;  // freed without the lock
  const std::lock_guard lock(mutex_);
  gone.swap(entries_);
}

void PackageCache::forget_copies(Entry& entry, bool listed) {
  const std::unique_lock lock(entry.mutex, std::try_to_lock);  // somebody packages it just now: next time
  if (!lock.owns_lock()) return;
  if (!listed) entry.ts.reset();
  entry.parts.clear();
  entry.prepared.clear();
  entry.encoding.reset();
}

std::shared_ptr<PackageCache::Entry> PackageCache::entry(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : found->second;
}

bool PackageCache::encodes(const media::StreamInfo& info) const {
  return options_.encode_audio && encoded_audio(*info.audio).has_value();
}

// A segment that has parts holds just the audio that they hold.
Result<SegmentPtr> PackageCache::prepared(const SegmentPtr& segment, Entry& entry) const {
  if (!needs_encoding(*segment->info)) return segment;
  if (!encodes(*segment->info)) return std::make_shared<const Segment>(without_audio(*segment));
  if (segment->parts.empty()) {
    auto encoded = encode_aac(*segment, entry.lead_in, options_.audio_bitrate);
    if (!encoded) return fail(encoded.error());
    return std::make_shared<const Segment>(std::move(*encoded));
  }
  auto result = std::make_shared<Segment>(*segment);
  result->units.clear();
  result->bytes = 0;
  result->audio_end = 0;
  for (const auto& part : segment->parts) {
    const auto ready = prepared(part, entry);
    if (!ready) return fail(ready.error());
    result->info = (*ready)->info;
    result->bytes += (*ready)->bytes;
    if ((*ready)->audio_end != 0) result->audio_end = (*ready)->audio_end;
    result->units.insert(result->units.end(), (*ready)->units.begin(), (*ready)->units.end());
  }
  return result;
}

Result<PartPtr> PackageCache::prepared(const PartPtr& part, Entry& entry) const {
  if (!needs_encoding(*part->info)) return part;
  if (!encodes(*part->info)) return std::make_shared<const Part>(without_audio(*part));
  if (const auto known = entry.prepared.find(part->index); known != entry.prepared.end())
    return known->second;
  if (!entry.encoding) {
    auto begun = AacEncoding::begin(*part->info->audio, options_.audio_bitrate, entry.lead_in);
    if (!begun) return fail(begun.error());
    entry.encoding = std::move(*begun);
    entry.encoded = 0;
  }
  while (entry.encoded <= part->index) {
    const auto next = window_.find_part(part->segment, entry.encoded);
    if (!next) return fail(ErrorCode::kNotFound, "the segment is gone");
    const auto audio = entry.encoding->add(next->units);
    if (!audio) {
      entry.encoding.reset();  // what it has heard of this part can't be taken back
      entry.prepared.clear();
      return fail(audio.error());
    }
    entry.prepared[entry.encoded++] =
        std::make_shared<const Part>(with_encoded_audio(*next, *entry.encoding, *audio));
  }
  return entry.prepared.at(part->index);
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
    cached->encoding.reset();  // its parts are all there
  }
  auto made = container == Container::kTs ? package_ts(*cached->segment) : package_fmp4(*cached->segment);
  if (!made) return fail(made.error());
  return body = std::move(*made);
}

Result<BodyPtr> PackageCache::part(std::uint64_t segment, std::uint64_t index) const {
  const auto found = window_.find_part(segment, index);
  const auto cached = entry(segment);
  if (!found || !cached)
    return fail(ErrorCode::kNotFound, fmt::format("there is no part {} of segment {}", index, segment));
  const std::lock_guard lock(cached->mutex);
  if (const auto known = cached->parts.find(index); known != cached->parts.end()) return known->second;
  auto ready = prepared(found, *cached);
  if (!ready) return fail(ready.error());
  auto made = package_part(**ready);
  if (!made) return fail(made.error());
  return cached->parts[index] = std::move(*made);
}

Result<BodyPtr> PackageCache::init(std::uint32_t version) const {
  const auto info = window_.find_info(version);
  if (!info) return fail(ErrorCode::kNotFound, fmt::format("there is no init-{}.mp4 (any more)", version));
  return package_init(packaged(*info));
}

}  // namespace camctl::hls
