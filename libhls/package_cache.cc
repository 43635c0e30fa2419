#include "libhls/package_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libhls/packager_fmp4.h"
#include "libhls/packager_ts.h"
#include "libhls/spool.h"

namespace camctl::hls {
namespace {

// The bodies of parts are kept for the newest segments only: players ask for them while they are new.
constexpr std::uint64_t kSegmentsWithParts = 3;
// What was read from disk is kept for those who go back together and for the second half of a range: so many
// segments of a stream, for so long after the last request.
constexpr std::size_t kKeptFromDisk = 4;
constexpr std::chrono::seconds kKeepFromDisk{10};

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

  forget_read();
  const auto live = oldest_live(state);
  std::vector<EntryPtr> gone;  // freed without the lock
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end() && it->first + kSegmentsWithParts < newest->number;) {
    const auto segment = window_.find(it->first);
    if (!segment || segment->on_disk) {
      gone.push_back(std::move(it->second));
      it = entries_.erase(it);
    } else {
      forget_copies(*it->second, it->first >= live);
      ++it;
    }
  }
}

// The oldest segment that players of classic playlists ask for unless they go back.
std::uint64_t PackageCache::oldest_live(const WindowState& state) {
  MediaTime length{};
  auto oldest = state.classic.size();
  while (oldest > 0 && length < Window::kLeastTargets * MediaTime(state.target_duration))
    length += state.classic[--oldest]->duration;
  return oldest < state.classic.size() ? state.classic[oldest]->number : 0;
}

void PackageCache::forget_read() {
  std::vector<Read> gone;  // freed without the lock
  const auto old = std::chrono::steady_clock::now() - kKeepFromDisk;
  const std::lock_guard lock(mutex_);
  const auto first_gone =
      std::partition(read_.begin(), read_.end(), [&](const Read& one) { return one.used_at >= old; });
  gone.assign(std::make_move_iterator(first_gone), std::make_move_iterator(read_.end()));
  read_.erase(first_gone, read_.end());
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
  std::map<std::uint64_t, EntryPtr> gone;  // freed without the lock
  std::vector<Read> gone_too;
  const std::lock_guard lock(mutex_);
  gone.swap(entries_);
  gone_too.swap(read_);
}

void PackageCache::forget_copies(Entry& entry, bool live) {
  const std::unique_lock lock(entry.mutex, std::try_to_lock);  // somebody packages it just now: next time
  if (!lock.owns_lock()) return;
  if (!live) entry.ts.reset();
  entry.parts.clear();
  entry.prepared.clear();
  entry.encoding.reset();
}

PackageCache::EntryPtr PackageCache::entry(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : found->second;
}

Result<PackageCache::Found> PackageCache::find(std::uint64_t number) const {
  // It may go to disk between the window's answer and the entry's: then the second look finds it there.
  for (int look = 0; look < 2; ++look) {
    const auto segment = window_.find(number);
    if (!segment) break;
    if (segment->on_disk) return read(segment);
    if (auto cached = entry(number)) return Found{segment, std::move(cached)};
  }
  return fail(ErrorCode::kNotFound, fmt::format("there is no segment {} (any more)", number));
}

Result<PackageCache::Found> PackageCache::read(const SegmentPtr& listed) const {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    for (auto& known : read_) {
      if (known.found.segment->number != listed->number) continue;
      known.used_at = now;
      return known.found;
    }
  }
  auto whole = listed->spooled->read(*listed);
  if (!whole) return fail(whole.error());
  Found found{std::move(*whole), std::make_shared<Entry>()};
  found.entry->lead_in = found.segment->lead_in;
  Read oldest;  // freed without the lock
  const std::lock_guard lock(mutex_);
  read_.push_back({found, now});
  if (read_.size() > kKeptFromDisk) {
    const auto at = std::ranges::min_element(read_, {}, &Read::used_at);
    oldest = std::move(*at);
    read_.erase(at);
  }
  return found;
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
  for (std::size_t i = 0; i < segment->parts.size(); ++i) {
    const auto ready = prepared(segment->parts, i, entry);
    if (!ready) return fail(ready.error());
    result->info = (*ready)->info;
    result->bytes += (*ready)->bytes;
    if ((*ready)->audio_end != 0) result->audio_end = (*ready)->audio_end;
    result->units.insert(result->units.end(), (*ready)->units.begin(), (*ready)->units.end());
  }
  return result;
}

Result<PartPtr> PackageCache::prepared(std::span<const PartPtr> parts, std::size_t index,
                                       Entry& entry) const {
  const auto& part = parts[index];
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
    const auto& next = *parts[entry.encoded];
    const auto audio = entry.encoding->add(next.units);
    if (!audio) {
      entry.encoding.reset();  // what it has heard of this part can't be taken back
      entry.prepared.clear();
      return fail(audio.error());
    }
    entry.prepared[entry.encoded++] =
        std::make_shared<const Part>(with_encoded_audio(next, *entry.encoding, *audio));
  }
  return entry.prepared.at(part->index);
}

Result<BodyPtr> PackageCache::get(std::uint64_t number, Container container) const {
  const auto found = find(number);
  if (!found) return fail(found.error());
  auto& cached = *found->entry;
  const std::lock_guard lock(cached.mutex);
  auto& body = container == Container::kTs ? cached.ts : cached.fmp4;
  if (body) return body;
  if (!cached.segment) {
    auto ready = prepared(found->segment, cached);
    if (!ready) return fail(ready.error());
    cached.segment = std::move(*ready);
    cached.encoding.reset();  // its parts are all there
  }
  auto made = container == Container::kTs ? package_ts(*cached.segment) : package_fmp4(*cached.segment);
  if (!made) return fail(made.error());
  return body = std::move(*made);
}

Result<BodyPtr> PackageCache::part(std::uint64_t number, std::uint64_t index) const {
  std::shared_ptr<const SegmentHead> head = window_.state()->open;
  EntryPtr cached;
  if (head && head->number == number) {
    cached = entry(number);
  } else {
    auto found = find(number);
    if (!found) return fail(found.error());
    head = std::move(found->segment);
    cached = std::move(found->entry);
  }
  if (!cached || index >= head->parts.size())
    return fail(ErrorCode::kNotFound, fmt::format("there is no part {} of segment {}", index, number));
  const std::lock_guard lock(cached->mutex);
  if (const auto known = cached->parts.find(index); known != cached->parts.end()) return known->second;
  auto ready = prepared(head->parts, static_cast<std::size_t>(index), *cached);
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
