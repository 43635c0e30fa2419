// Cameras as the configuration of another program, as a play list or as a table: what `camctl discover -o`
// prints besides records. Pure: text from a list of cameras.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/camera.h"

namespace camctl::discover {

enum class ExportFormat : std::uint8_t { kMediamtx, kGo2rtc, kFrigate, kHomeAssistant, kM3u, kCsv, kYaml };

// "mediamtx", "go2rtc", … as -o names them.
std::optional<ExportFormat> export_format(std::string_view name);
// All of them, as --help shows a choice: "mediamtx|go2rtc|…".
std::string export_format_names();

struct ExportOptions {
  // Addresses carry the cameras' credentials (never to another host than the camera's own). Without it there
  // are the target's placeholders where it knows some, else nothing.
  bool with_credentials = false;
  bool rtsp = false;                             // m3u: the cameras' addresses instead of the server's
  std::string server = "http://127.0.0.1:8080";  // m3u: where `camctl serve` is, without a slash at its end
};

struct Export {
  std::string text;                   // UTF-8, complete with its last line break
  std::vector<std::string> left_out;  // for the log: the cameras that the format cannot carry, and why
};

Export export_cameras(ExportFormat format, const std::vector<apps::Camera>& cameras,
                      const ExportOptions& options);

}  // namespace camctl::discover
