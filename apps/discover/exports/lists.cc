#include "apps/discover/exports/lists.h"

#include <fmt/format.h>

#include "apps/common/app.h"
#include "apps/discover/exports/streams.h"
#include "apps/discover/exports/yaml.h"

namespace camctl::discover {
namespace {

using Json = nlohmann::ordered_json;

// RFC 4180. Spreadsheets run a cell that begins with one of "=+-@", even a quoted one.
std::string csv_cell(std::string_view value) {
  std::string text = apps::printable(value);
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos)
    text.insert(0, "'");
  if (text.find_first_of("\",") == std::string::npos) return text;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, "\"");
  return '"' + text + '"';
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const auto& cell : cells) line += csv_cell(cell) + ',';
  line.pop_back();
  return line + "\r\n";
}

void put(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, item] : value.items()) {
      out << YAML::Key << quoted(apps::printable(key)) << YAML::Value;
      put(out, item);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& item : value) put(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << quoted(apps::printable(value.get_ref<const std::string&>()));
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << apps::dump(value);  // numbers, true and false are the same in YAML
  }
}

}  // namespace

Export to_m3u(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  Export result{"#EXTM3U\n", {}};
  for (const auto& camera : cameras) {
    if (camera.rtsp_url.empty()) {
      result.left_out.push_back(
          fmt::format("{} ({}) is left out: it has no stream address", camera.id, display_name(camera)));
      continue;
    }
    const std::string address = options.rtsp
                                    ? stream_address(camera, camera.rtsp_url, options.with_credentials)
                                    : fmt::format("{}/hls/{}/playlist.m3u8", options.server, camera.id);
    result.text += fmt::format("#EXTINF:-1 tvg-id=\"{}\",{}\n{}\n", camera.id, display_name(camera), address);
  }
  return result;
}

Export to_csv(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  Export result{csv_line({"id", "name", "ip", "port", "manufacturer", "model", "firmware", "serial", "mac",
                          "onvif_url", "rtsp_url", "sub_rtsp_url", "snapshot_url", "hls_url"}),
                {}};
  for (const auto& camera : cameras) {
    const auto* sub = sub_profile(camera);
    result.text +=
        csv_line({camera.id, camera.name, camera.ip, std::to_string(camera.port), camera.manufacturer,
                  camera.model, camera.firmware, camera.serial, camera.mac, camera.onvif_url,
                  stream_address(camera, camera.rtsp_url, options.with_credentials),
                  sub == nullptr ? "" : stream_address(camera, sub->rtsp_url, options.with_credentials),
                  camera.snapshot_url, camera.hls_url});
  }
  return result;
}

Export to_yaml(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  YAML::Emitter out;
  out << YAML::BeginSeq;
  for (const auto& camera : cameras) put(out, apps::to_json(camera, options.with_credentials));
  out << YAML::EndSeq;
  return {fmt::format("{}\n", out.c_str()), {}};
}

}  // namespace camctl::discover
