// What HTTP threads get of a stream's segments: packaged when first asked for, then shared.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/body.h"
#include "libhls/ffmpeg/aac_encode.h"
#include "libhls/window.h"

namespace camctl::hls {

enum class Container : std::uint8_t { kTs, kFmp4 };

struct PackageOptions {
  bool encode_audio = true;  // to AAC where it is something else; false: left out
  std::uint32_t audio_bitrate = 128'000;
};

// Thread-safe. The writer is never held up by packaging: what runs long is guarded segment by segment.
class PackageCache {
 public:
  PackageCache(const Window& window, PackageOptions options) : window_(window), options_(options) {}

  // The writer's, after a segment or a part was listed: remembers the audio before it, and forgets what is
  // gone.
  void listed(const WindowState& state);

  // The writer's, after the window was cleared.
  void clear();

  // kNotFound where the window does not have the segment or part (any more). What is on disk blocks on it,
  // and is kIo where it can't be read.
  Result<BodyPtr> get(std::uint64_t number, Container container) const;
  Result<BodyPtr> part(std::uint64_t segment, std::uint64_t index) const;
  Result<BodyPtr> init(std::uint32_t version) const;
  // The tracks as they are packaged: AAC in place of other audio, or no audio.
  media::StreamInfo packaged(const media::StreamInfo& info) const;

 private:
  struct Entry {
    std::vector<media::AccessUnitPtr> lead_in;  // of the segment before; set before the entry is shared

    std::mutex mutex;  // guards what follows, and makes others wait for the one that packages
    // Audio that is encoded: each part of it once, in order, whichever is asked for.
    std::optional<AacEncoding> encoding;
    std::uint64_t encoded = 0;                  // parts
    std::map<std::uint64_t, PartPtr> prepared;  // parts with audio as it is packaged
    std::map<std::uint64_t, BodyPtr> parts;
    SegmentPtr segment;  // with audio as it is packaged
    BodyPtr ts, fmp4;
  };
  using EntryPtr = std::shared_ptr<Entry>;
  // A segment, whole, and its entry.
  struct Found {
    SegmentPtr segment;
    EntryPtr entry;
  };
  // One that was read from disk.
  struct Read {
    Found found;
    std::chrono::steady_clock::time_point used_at;
  };

  static std::uint64_t oldest_live(const WindowState& state);
  EntryPtr entry(std::uint64_t number) const;
  Result<Found> find(std::uint64_t number) const;
  Result<Found> read(const SegmentPtr& listed) const;
  void forget_read();
  // MPEG-TS is a copy of the media. Few ask for what is no longer live, or for parts of older segments: for
  // those it is made again.
  static void forget_copies(Entry& entry, bool live);
  void add_entry(const SegmentHead& newest, const Segment* before);
  bool encodes(const media::StreamInfo& info) const;
  Result<SegmentPtr> prepared(const SegmentPtr& segment, Entry& entry) const;
  // `parts` are those of its segment, up to it at least.
  Result<PartPtr> prepared(std::span<const PartPtr> parts, std::size_t index, Entry& entry) const;

  const Window& window_;
  const PackageOptions options_;
  mutable std::mutex mutex_;  // guards what follows, not what is in the entries
  mutable std::map<std::uint64_t, EntryPtr> entries_;
  mutable std::vector<Read> read_;
};

}  // namespace camctl::hls
