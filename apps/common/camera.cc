#include "apps/common/camera.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "apps/common/app.h"
#include "apps/common/camera_fields.h"
#include "base/url.h"

namespace camctl::apps {
namespace {

constexpr unsigned kAny = std::numeric_limits<unsigned>::max();
using Json = nlohmann::json;

std::optional<VideoProfile> read_video(FieldReader& profile) {
  Json object = profile.take("video");
  if (!object.is_object()) return std::nullopt;
  VideoProfile video;
  FieldReader in(std::move(object), profile.where());
  in.text("codec", video.codec);
  in.number("width", video.width, kAny);
  in.number("height", video.height, kAny);
  in.number("fps", video.fps);
  in.number("bitrate_kbps", video.bitrate_kbps, kAny);
  in.number("gop", video.gop, kAny);
  if (!in.result()) profile.wrong("video", "holds a key of the wrong type");
  return video;
}

std::optional<AudioProfile> read_audio(FieldReader& profile) {
  Json object = profile.take("audio");
  if (!object.is_object()) return std::nullopt;
  AudioProfile audio;
  FieldReader in(std::move(object), profile.where());
  in.text("codec", audio.codec);
  in.number("sample_rate", audio.sample_rate, kAny);
  in.number("channels", audio.channels, kAny);
  if (!in.result()) profile.wrong("audio", "holds a key of the wrong type");
  return audio;
}

Result<CameraProfile> read_profile(Json object, const std::string& where, Credentials& credentials) {
  if (!object.is_object()) return fail(ErrorCode::kConfig, where + " must be an object");
  CameraProfile profile;
  FieldReader in(std::move(object), where);
  in.text("token", profile.token);
  in.text("name", profile.name);
  in.url("rtsp_url", profile.rtsp_url, credentials);
  in.url("snapshot_url", profile.snapshot_url, credentials);
  profile.video = read_video(in);
  profile.audio = read_audio(in);
  if (auto ok = in.result(); !ok) return fail(ok.error());
  profile.extra = in.rest();
  return profile;
}

Result<std::vector<CameraProfile>> read_profiles(FieldReader& in, Credentials& credentials) {
  Json array = in.take("profiles");
  std::vector<CameraProfile> profiles;
  if (array.is_null()) return profiles;
  if (!array.is_array() || array.size() > kMaxCameraProfiles)
    return fail(ErrorCode::kConfig, fmt::format("{}: \"profiles\" must be an array of at most {}", in.where(),
                                                kMaxCameraProfiles));
  for (Json& item : array) {
    auto profile = read_profile(std::move(item),
                                fmt::format("{}, profile {}", in.where(), profiles.size() + 1), credentials);
    if (!profile) return fail(profile.error());
    profiles.push_back(std::move(*profile));
  }
  return profiles;
}

// `"credentials": {"user", "password"}` as --save-credentials writes them; "user" or "username" with
// "password" directly in the entry, as people write them by hand.
void read_credentials(FieldReader& in, Credentials& credentials) {
  std::string user, password;
  for (const char* key : {"username", "user"}) in.text(key, user);
  in.text("password", password);
  Json object = in.take("credentials");
  if (object.is_object()) {
    FieldReader inner(std::move(object), in.where());
    inner.text("user", user);
    inner.text("password", password);
    if (!inner.result()) in.wrong("credentials", "must hold the strings \"user\" and \"password\"");
  } else if (!object.is_null()) {
    in.wrong("credentials", "must be an object");
  }
  if (!user.empty()) credentials = Credentials{std::move(user), Secret(std::move(password))};
}

void fill_address(Camera& camera) {
  const auto onvif = Url::parse(camera.onvif_url), rtsp = Url::parse(camera.rtsp_url);
  if (camera.ip.empty() && (rtsp || onvif)) camera.ip = rtsp ? rtsp->host : onvif->host;
  if (camera.port == 0 && (rtsp || onvif))
    camera.port = onvif ? onvif->effective_port() : rtsp->effective_port();
}

Result<Camera> read_camera(Json object, const std::string& where) {
  if (!object.is_object()) return fail(ErrorCode::kConfig, where + " must be an object");
  Camera camera;
  FieldReader in(std::move(object), where);
  read_credentials(in, camera.credentials);
  in.text("ip", camera.ip);
  unsigned port = 0;
  in.number("port", port, std::numeric_limits<std::uint16_t>::max());
  camera.port = static_cast<std::uint16_t>(port);
  in.url("rtsp_url", camera.rtsp_url, camera.credentials);
  in.url("onvif_url", camera.onvif_url, camera.credentials);
  in.url("snapshot_url", camera.snapshot_url, camera.credentials);
  const std::pair<const char*, std::string*> texts[] = {{"profile_name", &camera.profile_name},
                                                        {"hls_url", &camera.hls_url},
                                                        {"id", &camera.id},
                                                        {"name", &camera.name},
                                                        {"endpoint", &camera.endpoint},
                                                        {"manufacturer", &camera.manufacturer},
                                                        {"model", &camera.model},
                                                        {"firmware", &camera.firmware},
                                                        {"serial", &camera.serial},
                                                        {"mac", &camera.mac},
                                                        {"tls_pin", &camera.tls_pin},
                                                        {"onvif_tls_pin", &camera.onvif_tls_pin}};
  for (const auto& [key, value] : texts) in.text(key, *value);
  in.flag("ptz", camera.ptz);
  in.flag("on_demand", camera.on_demand);
  in.flag("events", camera.events);
  if (!camera.id.empty() && !is_camera_id(camera.id))
    in.wrong("id", fmt::format("must be at most {} letters, digits, '-', '_' or '.'", kMaxCameraId));
  auto profiles = read_profiles(in, camera.credentials);
  if (!profiles) return fail(profiles.error());
  camera.profiles = std::move(*profiles);
  if (camera.rtsp_url.empty() && camera.profiles.empty() && camera.ip.empty() && camera.onvif_url.empty())
    in.wrong("rtsp_url", "is missing");
  if (auto ok = in.result(); !ok) return fail(ok.error());
  camera.extra = in.rest();
  fill_address(camera);
  return camera;
}

// Gives every camera an id and an HLS address, and checks that no two share an id.
Result<void> complete(std::vector<Camera>& cameras, std::string_view where) {
  std::set<std::string> taken;
  for (const Camera& camera : cameras)
    if (!camera.id.empty() && !taken.insert(camera.id).second)
      return fail(ErrorCode::kConfig, fmt::format("{}: two cameras have the id \"{}\"", where, camera.id),
                  "give one of them another id, or none");
  for (std::size_t i = 0, next = 0; i < cameras.size(); ++i) {
    Camera& camera = cameras[i];
    if (camera.id.empty() && taken.insert(fmt::format("stream_{}", i)).second)
      camera.id = fmt::format("stream_{}", i);
    while (camera.id.empty())
      if (std::string id = fmt::format("stream_{}", next++); taken.insert(id).second)
        camera.id = std::move(id);
    if (camera.hls_url.empty()) camera.hls_url = fmt::format("/hls/{}/playlist.m3u8", camera.id);
  }
  return {};
}

}  // namespace

bool is_camera_scheme(std::string_view scheme) {
  return scheme == "rtsp" || scheme == "rtsps" || scheme == "http" || scheme == "https";
}

bool is_camera_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxCameraId && id.front() != '.' &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

Result<std::vector<Camera>> parse_cameras(std::string_view json, std::string_view where) {
  auto document = parse_bounded_json(json, where);
  if (!document) return fail(document.error());
  if (!document->is_array())
    return fail(ErrorCode::kConfig, fmt::format("{}: must be a JSON array of cameras", where),
                "camctl discover writes such a file");
  if (document->size() > kMaxCameras)
    return fail(ErrorCode::kConfig, fmt::format("{}: more than {} cameras", where, kMaxCameras));
  std::vector<Camera> cameras;
  for (Json& item : *document) {
    auto camera = read_camera(std::move(item), fmt::format("{}: camera {}", where, cameras.size() + 1));
    if (!camera) return fail(camera.error());
    cameras.push_back(std::move(*camera));
  }
  if (auto ok = complete(cameras, where); !ok) return fail(ok.error());
  return cameras;
}

Result<Camera> find_camera(const std::vector<Camera>& cameras, std::string_view id_or_name) {
  const std::string number = fmt::format("stream_{}", id_or_name);
  for (const Camera& camera : cameras)
    if (camera.id == id_or_name) return camera;
  for (const Camera& camera : cameras)
    if (camera.id == number) return camera;
  std::vector<const Camera*> named;
  for (const Camera& camera : cameras)
    if (camera.name == id_or_name) named.push_back(&camera);
  if (named.size() == 1) return *named.front();
  if (!named.empty()) {
    std::string ids;
    for (const Camera* camera : named) ids += (ids.empty() ? "" : ", ") + camera->id;
    return fail(ErrorCode::kUsage,
                fmt::format("{} cameras have the name '{}'", named.size(), printable(id_or_name)),
                "give the id of one of them: " + ids);
  }
  constexpr std::size_t kListed = 10;  // as many as read well in one line
  std::string list;
  for (std::size_t i = 0; i < cameras.size() && i < kListed; ++i) {
    list += fmt::format("{}{}", i == 0 ? "" : ", ", cameras[i].id);
    if (!cameras[i].name.empty()) list += fmt::format(" ({})", printable(cameras[i].name));
  }
  if (cameras.size() > kListed) list += fmt::format(" and {} more", cameras.size() - kListed);
  return fail(ErrorCode::kNotFound, fmt::format("there is no camera '{}'", printable(id_or_name)),
              cameras.empty() ? "the list of cameras is empty" : "there are " + list);
}

}  // namespace camctl::apps
