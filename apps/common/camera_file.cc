#include <fmt/format.h>

#include <algorithm>

#include "apps/common/app.h"
#include "apps/common/camera.h"
#include "base/atomic_file.h"
#include "base/url.h"

namespace camctl::apps {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kPrivateMode = 0600, kSharedMode = 0644;

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

template <class Number>
void put_number(Json& object, const char* key, Number value) {
  if (value > 0) object[key] = value;
}

// Passwords inside URLs of keys that we do not know stay out of files and answers too.
Json redacted(Json value) {
  if (value.is_string()) return redact_urls(value.get_ref<const std::string&>());
  if (value.is_structured())
    for (auto& item : value) item = redacted(std::move(item));
  return value;
}

void put_extra(Json& object, const nlohmann::json& extra, bool with_credentials) {
  for (const auto& [key, value] : extra.items()) {
    if (object.contains(key)) continue;
    Json ordered = value;
    object[key] = with_credentials ? std::move(ordered) : redacted(std::move(ordered));
  }
}

Json to_json(const CameraProfile& profile, bool with_credentials) {
  Json out = {{"token", profile.token}, {"name", profile.name}, {"rtsp_url", profile.rtsp_url}};
  put(out, "snapshot_url", profile.snapshot_url);
  if (profile.video) {
    Json video = Json::object();
    put(video, "codec", profile.video->codec);
    put_number(video, "width", profile.video->width);
    put_number(video, "height", profile.video->height);
    put_number(video, "fps", profile.video->fps);
    put_number(video, "bitrate_kbps", profile.video->bitrate_kbps);
    put_number(video, "gop", profile.video->gop);
    out["video"] = std::move(video);
  }
  if (profile.audio) {
    Json audio = Json::object();
    put(audio, "codec", profile.audio->codec);
    put_number(audio, "sample_rate", profile.audio->sample_rate);
    put_number(audio, "channels", profile.audio->channels);
    out["audio"] = std::move(audio);
  }
  put_extra(out, profile.extra, with_credentials);
  return out;
}

}  // namespace

nlohmann::ordered_json to_json(const Camera& camera, bool with_credentials) {
  Json out = {{"ip", camera.ip},
              {"port", camera.port},
              {"rtsp_url", camera.rtsp_url},
              {"profile_name", camera.profile_name},
              {"hls_url", camera.hls_url}};
  const std::pair<const char*, const std::string*> texts[] = {{"id", &camera.id},
                                                              {"name", &camera.name},
                                                              {"endpoint", &camera.endpoint},
                                                              {"manufacturer", &camera.manufacturer},
                                                              {"model", &camera.model},
                                                              {"firmware", &camera.firmware},
                                                              {"serial", &camera.serial},
                                                              {"mac", &camera.mac},
                                                              {"onvif_url", &camera.onvif_url},
                                                              {"snapshot_url", &camera.snapshot_url},
                                                              {"tls_pin", &camera.tls_pin},
                                                              {"onvif_tls_pin", &camera.onvif_tls_pin}};
  for (const auto& [key, value] : texts) put(out, key, *value);
  if (camera.ptz) out["ptz"] = *camera.ptz;
  if (camera.on_demand) out["on_demand"] = *camera.on_demand;
  if (camera.events) out["events"] = *camera.events;
  if (!camera.profiles.empty()) {
    out["profiles"] = Json::array();
    for (const CameraProfile& profile : camera.profiles)
      out["profiles"].push_back(to_json(profile, with_credentials));
  }
  if (with_credentials && !camera.credentials.empty())
    out["credentials"] = {{"user", camera.credentials.user},
                          {"password", camera.credentials.password.reveal()}};
  put_extra(out, camera.extra, with_credentials);
  return out;
}

Result<std::vector<Camera>> load_cameras(const std::filesystem::path& path) {
  const auto content = read_file(path, kMaxCamerasFile);
  if (!content) return fail(content.error());
  return parse_cameras(*content, path.string());
}

Result<std::vector<Camera>> load_named_cameras(const std::string& name) {
  if (name == "-") {
    const auto content = read_file("/dev/stdin", kMaxCamerasFile);
    if (!content) return fail(content.error().code, "reading the cameras from standard input failed");
    return parse_cameras(*content, "standard input");
  }
  auto cameras = load_cameras(name);
  if (!cameras && cameras.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kConfig, cameras.error().message,
                "camctl scan | camctl discover - makes such a file");
  return cameras;
}

Result<void> save_cameras(const std::filesystem::path& path, const std::vector<Camera>& cameras,
                          bool save_credentials) {
  Json array = Json::array();
  for (const Camera& camera : cameras) array.push_back(to_json(camera, save_credentials));
  const bool secret =
      save_credentials && std::any_of(cameras.begin(), cameras.end(),
                                      [](const Camera& camera) { return !camera.credentials.empty(); });
  return write_file_atomically(path, dump(array, 2) + "\n",
                               {.mode = secret ? kPrivateMode : kSharedMode, .sync = true});
}

}  // namespace camctl::apps
