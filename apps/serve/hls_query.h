// What a request for a low-latency playlist asks for (RFC 8216bis §6.2.5: delivery directives), and for which
// of a camera's playlists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace camctl::apps::serve {

struct ReloadQuery {
  std::optional<std::uint64_t> msn;   // _HLS_msn
  std::optional<std::uint64_t> part;  // _HLS_part; only beside msn
  bool skip = false;                  // _HLS_skip=YES or v2
};

// kUsage for _HLS_part without _HLS_msn (§6.2.5.2), for a directive that stands twice and for values that are
// none. Directives and parameters that we don't know are ignored.
Result<ReloadQuery> parse_reload_query(std::string_view query);

// The {rendition} of a playlist's address: "main" or "sub", and "main-1"… for the playlists of further part
// targets (hls::PartPolicy). Nothing where there can't be such a one.
struct PlaylistFolder {
  std::string_view rendition;  // see renditions.h
  std::size_t epoch = 0;
};
std::optional<PlaylistFolder> parse_playlist_folder(std::string_view name);
std::string to_string(const PlaylistFolder& folder);

}  // namespace camctl::apps::serve
