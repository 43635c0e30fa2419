// Low-latency media playlists (RFC 8216bis) as text, and what requests for them mean. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "libhls/window.h"

namespace camctl::hls {

// part{segment}.{index}.m4s
std::string part_name(std::uint64_t segment, std::size_t index);

// EXT-X-RENDITION-REPORT (§4.4.5.4): where another rendition of the same stream stands.
struct RenditionReport {
  std::string uri;  // relative to the playlist that it stands in
  std::uint64_t last_msn = 0;
  std::optional<std::size_t> last_part;
};

// Which of a stream's playlists, and how.
struct LowLatencyView {
  std::size_t epoch = 0;    // of its parts (see PartPolicy): each is a playlist of its own
  std::string_view prefix;  // before each URI; "" for relative ones
  bool skip = false;        // a delta update (§6.2.5.1), where there is something to skip
  std::span<const RenditionReport> reports;
};

// The Skip Boundary in target durations (§4.4.3.8: at least six), and what a window must list for it to be of
// use.
inline constexpr int kSkipBoundary = 6;
inline constexpr int kListedForSkipping = 8;

// kNotFound where nothing is listed yet, or where there is no such epoch.
Result<std::string> ll_media_playlist(const WindowState& state, const LowLatencyView& view);

// What becomes of a request with _HLS_msn and _HLS_part (§6.2.5.2) in this state.
enum class Reload : std::uint8_t {
  kNow,     // the playlist has what is asked for
  kLater,   // the request waits
  kTooFar,  // 400: more than two segments, or the Advance Part Limit, ahead
};
Reload reload(const WindowState& state, std::size_t epoch, std::uint64_t msn,
              std::optional<std::uint64_t> part);

// Whether this part is one that may be asked for before it is there: the one after those that are, in the
// segment being built or as the first of the next.
bool is_next_part(const WindowState& state, std::uint64_t segment, std::uint64_t index);

// What an EXT-X-RENDITION-REPORT says of this playlist.
RenditionReport report_of(const WindowState& state, std::size_t epoch, std::string uri);

}  // namespace camctl::hls
