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

// The {rendition} of a playlist's address: "main", and "main-1"… for the playlists of further part targets
// (hls::PartPolicy). Nothing where there can't be such a one.
struct Rendition {
  std::size_t epoch = 0;
};
std::optional<Rendition> parse_rendition(std::string_view name);
std::string rendition_name(const Rendition& rendition);

}  // namespace camctl::apps::serve
