#include "apps/discover/exports/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "apps/common/app.h"
#include "base/text.h"

namespace camctl::discover {
namespace {

std::uint64_t pixels(const apps::VideoProfile* video) {
  return video == nullptr ? 0 : std::uint64_t{video->width} * video->height;
}

const apps::VideoProfile* main_video(const apps::Camera& camera) {
  const auto found = std::ranges::find(camera.profiles, camera.rtsp_url, &apps::CameraProfile::rtsp_url);
  return found != camera.profiles.end() && found->video ? &*found->video : nullptr;
}

// Whoever writes an address of another host into its profiles gets no password.
bool is_own_host(const apps::Camera& camera, const Url& url) { return text::iequals(url.host, camera.ip); }

bool wants_credentials(const apps::Camera& camera) {
  const std::string auth = camera.extra.contains("auth") && camera.extra["auth"].is_string()
                               ? camera.extra["auth"].get<std::string>()
                               : std::string();
  return !camera.credentials.empty() || (!auth.empty() && auth != "none");
}

std::string with_user_info(const Url& url, std::string_view user_info) {
  std::string address = url.to_string();
  if (!user_info.empty()) address.insert(url.scheme.size() + 3, fmt::format("{}@", user_info));
  return address;
}

// The addresses of one camera for one target.
class Addresses {
 public:
  Addresses(const apps::Camera& camera, const Target& target, bool with_credentials)
      : camera_(camera), target_(target), with_credentials_(with_credentials) {}

  Result<std::string> operator()(const std::string& text) {
    auto url = Url::parse(text);
    if (!url) return fail(ErrorCode::kConfig, "it has no stream address");
    if (std::ranges::find(target_.schemes, url->scheme) == target_.schemes.end())
      return fail(ErrorCode::kUnsupported, fmt::format("{}:// is not supported there", url->scheme));
    url->target = percent_encode(url->target, target_.kept);
    std::string address = with_user_info(*url, user_info(*url));
    if (address.size() > target_.longest)
      return fail(ErrorCode::kUnsupported,
                  fmt::format("its address has more than {} characters", target_.longest));
    return address;
  }

  bool lacks_credentials() const { return lacks_credentials_; }

 private:
  std::string user_info(const Url& url) {
    if (!is_own_host(camera_, url) || !wants_credentials(camera_)) return {};
    if (with_credentials_ && !camera_.credentials.empty()) return target_.user_info(camera_.credentials);
    lacks_credentials_ = true;
    return std::string(target_.placeholder);
  }

  const apps::Camera& camera_;
  const Target& target_;
  bool with_credentials_, lacks_credentials_ = false;
};

}  // namespace

// mediamtx and Frigate have a meaning of their own for these.
Keys::Keys() : taken_{"all", "all_others", "birdseye"} {}

std::string Keys::take(std::string_view name, std::string_view id) {
  for (const std::string_view source : {name, id}) {
    std::string key;
    for (const char c : text::lower(source)) {
      const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      if (kept ? !key.empty() || c != '-' : !key.empty() && key.back() != '_') key += kept ? c : '_';
      if (key.size() == kMaxKey) break;
    }
    while (key.ends_with('_') || key.ends_with('-')) key.pop_back();
    if (!key.empty()) return unique(std::move(key));
  }
  return unique("camera");
}

std::string Keys::unique(std::string key) {
  std::string candidate = key;
  for (unsigned& number = next_.try_emplace(key, 2).first->second; !taken_.insert(candidate).second; ++number)
    candidate = fmt::format("{}_{}", key, number);
  return candidate;
}

std::string encoded_user_info(const Credentials& credentials) {
  return percent_encode(credentials.user) + ':' + percent_encode(credentials.password.reveal());
}

std::string stream_address(const apps::Camera& camera, const std::string& url, bool with_credentials) {
  const auto parsed = Url::parse(url);
  if (!parsed) return {};
  const bool carries = with_credentials && !camera.credentials.empty() && is_own_host(camera, *parsed);
  return carries ? with_user_info(*parsed, encoded_user_info(camera.credentials)) : parsed->to_string();
}

const apps::CameraProfile* sub_profile(const apps::Camera& camera) {
  const auto main = Url::parse(camera.rtsp_url);
  if (!main) return nullptr;
  const std::uint64_t most = pixels(main_video(camera));
  const apps::CameraProfile* best = nullptr;
  for (const auto& profile : camera.profiles) {
    if (!profile.video || (profile.video->codec != "h264" && profile.video->codec != "h265")) continue;
    const std::uint64_t size = pixels(&*profile.video);
    const auto url = Url::parse(profile.rtsp_url);
    if (size == 0 || size >= most || !url || !text::iequals(url->host, main->host)) continue;
    if (best == nullptr || size < pixels(&*best->video)) best = &profile;
  }
  return best;
}

std::string display_name(const apps::Camera& camera) {
  return apps::printable(camera.name.empty() ? camera.id : camera.name);
}

TargetCameras target_cameras(const std::vector<apps::Camera>& cameras, const Target& target,
                             bool with_credentials) {
  TargetCameras result;
  Keys keys;
  for (const auto& camera : cameras) {
    Addresses address_of(camera, target, with_credentials);
    auto main = address_of(camera.rtsp_url);
    if (!main) {
      result.left_out.push_back(
          fmt::format("{} ({}) is left out: {}", camera.id, display_name(camera), main.error().message));
      continue;
    }
    TargetCamera& entry = result.cameras.emplace_back();
    entry.key = keys.take(camera.name, camera.id);
    entry.name = display_name(camera);
    entry.main = {std::move(*main), main_video(camera)};
    if (const auto* sub = sub_profile(camera)) {
      if (auto address = address_of(sub->rtsp_url)) {
        entry.sub = Stream{std::move(*address), &*sub->video};
        entry.sub_key = keys.take(entry.key + "_sub", camera.id);
      }
    }
    result.wants_credentials |= address_of.lacks_credentials();
  }
  return result;
}

}  // namespace camctl::discover
