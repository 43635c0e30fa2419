// cameras.json: the array of cameras that `discover` writes and `serve` and `stream` read (interface.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace camctl::apps {

struct VideoProfile {
  std::string codec;
  unsigned width = 0, height = 0;
  double fps = 0;
  unsigned bitrate_kbps = 0, gop = 0;
};
struct AudioProfile {
  std::string codec;
  unsigned sample_rate = 0, channels = 0;
};
struct CameraProfile {
  std::string token, name, rtsp_url, snapshot_url;
  std::optional<VideoProfile> video;
  std::optional<AudioProfile> audio;
  nlohmann::json extra = nlohmann::json::object();  // keys we don't know: kept as they are
};

// One entry. Strings are empty where unknown. URLs never hold credentials here.
struct Camera {
  std::string ip;
  std::uint16_t port = 0;
  std::string rtsp_url, profile_name, hls_url;
  std::string id, name, endpoint, manufacturer, model, firmware, serial, mac, onvif_url, snapshot_url;
  std::optional<bool> ptz, events;
  std::vector<CameraProfile> profiles;
  Credentials credentials;  // from URLs of the file, or kept by --save-credentials; never printed
  nlohmann::json extra = nlohmann::json::object();
};

// Parses and validates; fills `id`, `hls_url`, `ip`, `port` where missing. At most kMaxCameras entries and
// kMaxCamerasFile bytes. kConfig with line and column, or with the entry's index and key.
Result<std::vector<Camera>> parse_cameras(std::string_view json, std::string_view where);
Result<std::vector<Camera>> load_cameras(const std::filesystem::path& path);  // kNotFound if there is none
inline constexpr std::size_t kMaxCameras = 10'000;
inline constexpr std::size_t kMaxCamerasFile = 32u << 20;

// The entry as it is written to the file and shown by the API: no credentials (unless `with_credentials`).
nlohmann::ordered_json to_json(const Camera& camera, bool with_credentials = false);

// Replaces the file atomically; mode 0600 if any entry carries credentials that are to be saved.
Result<void> save_cameras(const std::filesystem::path& path, const std::vector<Camera>& cameras,
                          bool save_credentials);

// Merges what discover found into what was there: same device by endpoint and address, then serial, then MAC
// (quirks 18, 19). Known cameras keep id and name; new ones get the next free stream_N; with `prune`, those
// that were not found go. The order is stable.
std::vector<Camera> merge_cameras(std::vector<Camera> known, std::vector<Camera> found, bool prune);

// The camera with this id ("stream_0" or "0") or name. kNotFound lists what there is.
Result<Camera> find_camera(const std::vector<Camera>& cameras, std::string_view id_or_name);

}  // namespace camctl::apps
