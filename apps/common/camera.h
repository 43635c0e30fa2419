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
  std::string tls_pin;        // the key that it must have over rtsps; see StreamSettings
  std::string onvif_tls_pin;  // the key that it showed over https when it was first asked
  std::optional<bool> ptz, events;
  std::optional<bool> on_demand;  // of `serve`, before what its configuration says
  std::vector<CameraProfile> profiles;
  Credentials credentials;  // from URLs of the file, or kept by --save-credentials; never printed
  nlohmann::json extra = nlohmann::json::object();
};

// Parses and validates; fills `id`, `hls_url`, `ip`, `port` where missing (`port` from `onvif_url`, else from
// `rtsp_url`). Credentials found in URLs move to `credentials`. Any URL scheme passes: what is played, the
// source decides; what a device or the API says goes through is_camera_scheme() first. `where` names the
// input in messages. kConfig with line and column, or with the entry's index and key.
Result<std::vector<Camera>> parse_cameras(std::string_view json, std::string_view where);
Result<std::vector<Camera>> load_cameras(const std::filesystem::path& path);  // kNotFound if there is none
// As a program's `cameras` names them: "-" is standard input, and a missing file is kConfig with what to do.
Result<std::vector<Camera>> load_named_cameras(const std::string& name);

// Bounds of that input; more is kConfig.
inline constexpr std::size_t kMaxCameras = 10'000;         // far beyond what one host can serve
inline constexpr std::size_t kMaxCamerasFile = 32u << 20;  // 3 KB for each of so many
inline constexpr int kMaxCamerasDepth = 16;  // ours are 5 deep; deep nesting costs 100 times its bytes
inline constexpr std::size_t kMaxCamerasValues = 2'000'000;  // 200 for each; a value takes 16 bytes and more
inline constexpr std::size_t kMaxCameraText = 4096;          // of a string: as long as the longest URL
inline constexpr std::size_t kMaxCameraId = 64;              // it stands in URLs and file names
inline constexpr std::size_t kMaxCameraProfiles = 512;       // a large NVR has two for each of 128 channels

// The key of an entry that was added, or got its address, over HTTP. It gets no credentials that were meant
// for any camera (--user), only those that name its host.
inline constexpr const char* kAddedBy = "added_by";

// rtsp, rtsps, http and https: all that an address from a device, a page or the API may be.
bool is_camera_scheme(std::string_view scheme);

// Letters, digits, '-', '_' and '.', not starting with '.'; at most kMaxCameraId.
bool is_camera_id(std::string_view id);

// The entry as it is written to the file and shown by the API: no credentials, not even in URLs of `extra`
// (unless `with_credentials`, which adds `"credentials": {"user", "password"}`). Write it with dump() of
// app.h.
nlohmann::ordered_json to_json(const Camera& camera, bool with_credentials = false);

// Replaces the file atomically; mode 0600 if any entry carries credentials that are to be saved.
Result<void> save_cameras(const std::filesystem::path& path, const std::vector<Camera>& cameras,
                          bool save_credentials);

// Merges what discover found into what was there: same device by endpoint and address, then serial, then MAC
// (quirks 18, 19). Known cameras keep id and name; new ones get the next free stream_N; with `prune`, those
// that were not found go. The order is stable.
std::vector<Camera> merge_cameras(std::vector<Camera> known, std::vector<Camera> found, bool prune);

// The camera with this id ("stream_0" or "0") or name. kNotFound lists what there is,
// kUsage those that share the name.
Result<Camera> find_camera(const std::vector<Camera>& cameras, std::string_view id_or_name);

}  // namespace camctl::apps
