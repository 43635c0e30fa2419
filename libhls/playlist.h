// Playlists (RFC 8216) as text, from what the window holds. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/window.h"

namespace camctl::hls {

// The names that interface.md promises.
std::string ts_segment_name(std::uint64_t number);     // playlist{n}.ts
std::string fmp4_segment_name(std::uint64_t number);   // seg{n}.m4s
std::string init_segment_name(std::uint32_t version);  // init-{v}.mp4

// Media playlists (RFC 8216 §4.3.3) without parts, see ll_playlist.h. kNotFound where no segment is listed
// yet. `prefix` goes before each URI.
Result<std::string> ts_media_playlist(const WindowState& state, std::string_view prefix = "");
Result<std::string> fmp4_media_playlist(const WindowState& state, std::string_view prefix = "");

// RFC 6381 CODECS value of the tracks that the packagers write: "avc1.640028,mp4a.40.2".
std::string codecs(const media::StreamInfo& info);

// A line of EXT-X-STREAM-INF and its URI (RFC 8216 §4.3.4.2).
struct Variant {
  std::string text;
  bool independent = true;  // every segment starts with a key frame
  // What the text says.
  media::StreamInfo info = {};
  double frame_rate = 0;              // 0: not known
  double bandwidth = 0, average = 0;  // bit/s
  double audio = 0;                   // of it the sound
};
// `info` says what the variant at `media_uri` holds (behind an audio encoder: its AAC). Bit rates are those
// of the listed segments, or of the first parts before there is one; kNotFound where there is neither.
Result<Variant> variant(const WindowState& state, const media::StreamInfo& info, std::string_view media_uri);

// One that may not be there yet.
struct PlannedVariant {
  media::StreamInfo info;                    // what will come
  std::uint32_t bitrate = 0;                 // of its encoder, bit/s,
  std::chrono::milliseconds rate_buffer{0};  // which may spend so much at once
  std::chrono::seconds target_duration{0};
  std::optional<Variant> measured;  // since it is there: raises the bit rates where it shows more
};
// Such a variant whose pictures are encoded from those of `source`, and which has the same sound.
Variant planned_variant(const Variant& source, const PlannedVariant& planned, std::string_view media_uri);

// A multivariant playlist (RFC 8216 §4.3.4). Players begin with the first variant.
std::string multivariant_playlist(std::span<const Variant> variants);

}  // namespace camctl::hls
