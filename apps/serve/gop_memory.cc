#include "apps/serve/gop_memory.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.h"
#include "libhls/window.h"

namespace camctl::apps::serve {
namespace {

using std::chrono::seconds;

// The least target duration whose segments may hold such a group.
seconds target_for(std::chrono::milliseconds gop) {
  return std::clamp(std::chrono::ceil<seconds>(gop - hls::Window::kRounding), seconds(1), kLongestTarget);
}

}  // namespace

std::filesystem::path GopMemory::path_for(const std::string& cameras_file) {
  if (cameras_file == "-") return {};
  return std::filesystem::path(cameras_file).replace_extension(".learned.json");
}

GopMemory::GopMemory(std::filesystem::path path) : path_(std::move(path)) {
  if (path_.empty()) return;
  const auto content = read_file(path_, kMaxFile);
  if (!content) return;
  const auto json = nlohmann::json::parse(*content, nullptr, false);
  if (!json.is_object()) return;
  for (const auto& [id, value] : json.items()) {
    if (!value.is_number_integer()) continue;
    const auto gop = value.get<std::int64_t>();
    if (gop >= 1 && gop <= kLongestTarget.count()) last_run_[id] = seconds(gop);
  }
  now_ = last_run_;
}

std::optional<seconds> GopMemory::last_run(const std::string& id) const {
  const auto found = last_run_.find(id);
  return found == last_run_.end() ? std::nullopt : std::optional(found->second);
}

void GopMemory::learn(const std::string& id, std::chrono::milliseconds longest, seconds run) {
  if (longest.count() <= 0) return;
  const auto target = target_for(longest);
  const auto [known, added] = now_.try_emplace(id, target);
  const bool differs = target > known->second || (target < known->second && run >= kLowersAfter);
  if (differs) known->second = target;
  changed_ = changed_ || added || differs;
}

Result<void> GopMemory::save() {
  if (path_.empty() || !std::exchange(changed_, false)) return {};
  auto json = nlohmann::json::object();
  for (const auto& [id, gop] : now_) json[id] = gop.count();
  auto written = write_file_atomically(path_, json.dump(1) + "\n", {.sync = false});
  if (written) return {};
  return std::exchange(failed_, true) ? Result<void>() : fail(written.error());
}

std::optional<seconds> known_gop(const Camera& camera, const std::vector<std::string>& shown_urls,
                                 std::optional<seconds> learned) {
  auto known = learned;
  for (const auto& profile : camera.profiles) {
    const bool shown =
        profile.rtsp_url == camera.rtsp_url || std::ranges::count(shown_urls, profile.rtsp_url) > 0;
    if (!shown || !profile.video || profile.video->fps < 1 || profile.video->gop < 1) continue;
    const std::chrono::duration<double> gop(profile.video->gop / profile.video->fps);
    const auto bounded = std::min<std::chrono::duration<double>>(gop, kLongestTarget);
    const auto target = target_for(std::chrono::duration_cast<std::chrono::milliseconds>(bounded));
    known = std::max(known.value_or(seconds(0)), target);
  }
  return known;
}

}  // namespace camctl::apps::serve
