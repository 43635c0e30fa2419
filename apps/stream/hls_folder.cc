#include "apps/stream/hls_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "apps/stream/byte_output.h"
#include "base/atomic_file.h"
#include "libhls/playlist.h"

namespace camctl::apps {
namespace {

constexpr const char* kTsPlaylist = "playlist.m3u8";
constexpr const char* kFmp4Playlist = "media.m3u8";
constexpr const char* kMultivariant = "index.m3u8";

// `name` is `before`, digits and `after`.
bool is_numbered(std::string_view name, std::string_view before, std::string_view after) {
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after))
    return false;
  name.remove_prefix(before.size());
  name.remove_suffix(after.size());
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_ours(std::string_view name) {
  return name == kTsPlaylist || name == kFmp4Playlist || name == kMultivariant ||
         is_numbered(name, "playlist", ".ts") || is_numbered(name, "seg", ".m4s") ||
         is_numbered(name, "init-", ".mp4");
}

// A playlist of an earlier run would name segments whose bytes change now.
void remove_earlier(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    if (is_ours(entry.path().filename().string())) std::filesystem::remove(entry.path(), ignored);
}

// The folder itself, or the nearest above it that is there.
std::filesystem::path nearest_existing(std::filesystem::path folder) {
  std::error_code ignored;
  while (!std::filesystem::exists(folder, ignored)) {
    auto above = folder.parent_path();
    if (above.empty() || above == folder) return ".";
    folder = std::move(above);
  }
  return folder;
}

}  // namespace

Result<std::unique_ptr<Output>> HlsFolder::open(const std::filesystem::path& folder, StreamFormat format) {
  if (auto possible = check_folder_takes_files(nearest_existing(folder)); !possible)
    return fail(fmt::format("making the folder {}", folder.string()), possible.error());
  return std::unique_ptr<Output>(new HlsFolder(folder, format));
}

Result<void> HlsFolder::prepare() const {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error)
    return fail(ErrorCode::kIo, fmt::format("making the folder {}: {}", folder_.string(), error.message()));
  remove_earlier(folder_);
  return {};
}

Result<void> HlsFolder::put(const std::string& name, std::string_view content) const {
  return write_file_atomically(folder_ / name, content, {.sync = false});
}

Result<void> HlsFolder::write(const hls::Stream& stream, const hls::Segment& segment) {
  auto body = fmp4() ? stream.fmp4_segment(segment.number) : stream.ts_segment(segment.number);
  if (!body) return fail(body.error());
  if (written_.empty())
    if (auto prepared = prepare(); !prepared) return prepared;
  if (fmp4())
    if (auto written = write_init(stream, segment.init_version); !written) return written;
  const auto name = fmp4() ? hls::fmp4_segment_name(segment.number) : hls::ts_segment_name(segment.number);
  if (auto written = put(name, joined(**body)); !written) return written;
  written_[segment.number] = name;
  inits_[segment.init_version] = segment.number;
  if (auto written = write_playlists(stream); !written) return written;
  remove_old(stream.window());
  return {};
}

Result<void> HlsFolder::write_init(const hls::Stream& stream, std::uint32_t version) {
  if (inits_.contains(version)) return {};
  auto init = stream.init_segment(version);
  if (!init) return fail(init.error());
  return put(hls::init_segment_name(version), joined(**init));
}

Result<void> HlsFolder::write_playlists(const hls::Stream& stream) {
  auto media = fmp4() ? stream.fmp4_playlist() : stream.ts_playlist();
  if (!media) return fail(media.error());
  if (auto written = put(fmp4() ? kFmp4Playlist : kTsPlaylist, *media); !written) return written;
  if (!fmp4()) return {};
  const auto variant = stream.variant(kFmp4Playlist);
  if (!variant) return fail(variant.error());
  return put(kMultivariant, hls::multivariant_playlist({&*variant, 1}));
}

// Players may hold a playlist that is one window old.
void HlsFolder::remove_old(const hls::WindowState& state) {
  if (state.segments.empty()) return;
  const auto listed = state.segments.size();
  const auto oldest = state.segments.front()->number;
  const auto keep_from = oldest > listed ? oldest - listed : 0;
  std::error_code ignored;
  while (!written_.empty() && written_.begin()->first < keep_from) {
    std::filesystem::remove(folder_ / written_.begin()->second, ignored);
    written_.erase(written_.begin());
  }
  if (!fmp4()) return;
  for (auto it = inits_.begin(); it != inits_.end() && it->second < keep_from;) {
    std::filesystem::remove(folder_ / hls::init_segment_name(it->first), ignored);
    it = inits_.erase(it);
  }
}

Result<void> HlsFolder::finish(const hls::Stream& stream) {
  if (written_.empty()) return {};
  return write_playlists(stream);
}

}  // namespace camctl::apps
