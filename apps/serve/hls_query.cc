#include "apps/serve/hls_query.h"

#include <fmt/format.h>

#include "base/number.h"
#include "libhls/part_policy.h"

namespace camctl::apps::serve {
namespace {

Result<void> set_number(std::optional<std::uint64_t>& field, std::string_view name, std::string_view text) {
  const auto value = parse_number<std::uint64_t>(text);
  if (!value || field) return fail(ErrorCode::kUsage, fmt::format("{} stands twice or is no number", name));
  field = value;
  return {};
}

}  // namespace

Result<ReloadQuery> parse_reload_query(std::string_view query) {
  ReloadQuery result;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = pair.substr(0, equals);
    const auto value = pair.substr(std::min(equals + 1, pair.size()));
    Result<void> set;
    if (name == "_HLS_msn") set = set_number(result.msn, name, value);
    if (name == "_HLS_part") set = set_number(result.part, name, value);
    if (!set) return fail(set.error());
    if (name == "_HLS_skip") result.skip = value == "YES" || value == "v2";
  }
  if (result.part && !result.msn)
    return fail(ErrorCode::kUsage, "_HLS_part without _HLS_msn", "RFC 8216bis §6.2.5.2 wants both");
  return result;
}

std::optional<PlaylistFolder> parse_playlist_folder(std::string_view name) {
  const auto dash = name.find('-');
  PlaylistFolder folder{name.substr(0, dash)};
  if (folder.rendition.empty()) return std::nullopt;
  if (dash == name.npos) return folder;
  // Without leading zeros: no two addresses name the same thing.
  const auto digits = name.substr(dash + 1);
  if (digits.starts_with('0')) return std::nullopt;
  const auto epoch = parse_number<std::uint64_t>(digits);
  if (!epoch || *epoch >= hls::PartPolicy::kMaxEpochs) return std::nullopt;
  folder.epoch = static_cast<std::size_t>(*epoch);
  return folder;
}

std::string to_string(const PlaylistFolder& folder) {
  return folder.epoch == 0 ? std::string(folder.rendition)
                           : fmt::format("{}-{}", folder.rendition, folder.epoch);
}

}  // namespace camctl::apps::serve
