#include "apps/discover/exports/programs.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "apps/discover/exports/streams.h"
#include "apps/discover/exports/yaml.h"

namespace camctl::discover {
namespace {

// What RFC 3986 allows in a path and query, but for what some of the programs have a use of their own: '$'
// and braces begin variables there, "'" a quotation, '#' options behind an address.
constexpr std::string_view kKept = "!&()*+,;=:@/?%[]";
constexpr std::string_view kFrigateKept = "!&()*+,;=:/?%[]";  // it looks for the last '@'
constexpr std::size_t kFrigateLongest = 1000;                 // a longer address is refused there

// Frigate encodes the password of an address itself if the user's name is plain. It puts variables in first,
// for which a brace is written twice.
std::string frigate_user_info(const Credentials& credentials) {
  const std::string& password = credentials.password.reveal();
  const bool plain = !credentials.user.empty() && std::ranges::all_of(credentials.user, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  const bool printing =
      !password.empty() && std::ranges::all_of(password, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain || !printing) return encoded_user_info(credentials);
  std::string result = credentials.user + ':';
  for (const char c : password) result.append(c == '{' || c == '}' ? 2 : 1, c);
  return result;
}

constexpr const char* kNoCredentials =
    "# Cameras that want a password: write rtsp://USER:PASSWORD@..., or let --save-credentials do so.\n";

Export finish(const YAML::Emitter& out, TargetCameras& all, std::string_view program, std::string_view hint) {
  return {fmt::format("# Made by camctl discover -o {}\n{}{}\n", program, all.wants_credentials ? hint : "",
                      out.c_str()),
          std::move(all.left_out)};
}

// The main and sub streams of all cameras, by key.
template <class Write>
void each_stream(const TargetCameras& all, YAML::Emitter& out, Write write) {
  out << YAML::BeginMap;
  for (const auto& camera : all.cameras) {
    out << YAML::Key << quoted(camera.key) << YAML::Value;
    write(camera.main);
    if (!camera.sub) continue;
    out << YAML::Key << quoted(camera.sub_key) << YAML::Value;
    write(*camera.sub);
  }
  out << YAML::EndMap;
}

void put_input(YAML::Emitter& out, const Stream& stream, const std::vector<std::string>& roles) {
  out << YAML::BeginMap << YAML::Key << "path" << YAML::Value << quoted(stream.address) << YAML::Key
      << "roles" << YAML::Value << roles << YAML::EndMap;
}

void put_frigate_camera(YAML::Emitter& out, const TargetCamera& camera) {
  out << YAML::BeginMap << YAML::Key << "ffmpeg" << YAML::Value << YAML::BeginMap << YAML::Key << "inputs"
      << YAML::Value << YAML::BeginSeq;
  if (camera.sub) {
    put_input(out, camera.main, {"record"});
    put_input(out, *camera.sub, {"detect"});
  } else {
    put_input(out, camera.main, {"record", "detect"});
  }
  out << YAML::EndSeq << YAML::EndMap;
  out << YAML::Key << "detect" << YAML::Value << YAML::BeginMap << YAML::Key << "enabled" << YAML::Value
      << true;
  const auto* video = camera.sub ? camera.sub->video : camera.main.video;
  if (video != nullptr && video->width > 0 && video->height > 0)
    out << YAML::Key << "width" << YAML::Value << video->width << YAML::Key << "height" << YAML::Value
        << video->height;
  out << YAML::EndMap << YAML::EndMap;
}

void put_switch(YAML::Emitter& out, const char* section, bool enabled) {
  out << YAML::Key << section << YAML::Value << YAML::BeginMap << YAML::Key << "enabled" << YAML::Value
      << enabled << YAML::EndMap;
}

}  // namespace

Export to_mediamtx(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  const Target target{
      .schemes = {"rtsp", "rtsps"}, .kept = kKept, .placeholder = {}, .user_info = encoded_user_info};
  auto all = target_cameras(cameras, target, options.with_credentials);
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "paths" << YAML::Value;
  each_stream(all, out, [&](const Stream& stream) {
    out << YAML::BeginMap << YAML::Key << "source" << YAML::Value << quoted(stream.address) << YAML::EndMap;
  });
  out << YAML::EndMap;
  return finish(out, all, "mediamtx", kNoCredentials);
}

Export to_go2rtc(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  const Target target{.schemes = {"rtsp", "rtsps", "http", "https"},
                      .kept = kKept,
                      .placeholder = "${RTSP_USER}:${RTSP_PASSWORD}",
                      .user_info = encoded_user_info};
  auto all = target_cameras(cameras, target, options.with_credentials);
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "streams" << YAML::Value;
  each_stream(all, out, [&](const Stream& stream) { out << quoted(stream.address); });
  out << YAML::EndMap;
  return finish(
      out, all, "go2rtc",
      "# go2rtc's environment or credentials folder gives RTSP_USER and RTSP_PASSWORD, percent-encoded.\n");
}

Export to_frigate(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  const Target target{.schemes = {"rtsp", "rtsps"},
                      .longest = kFrigateLongest,
                      .kept = kFrigateKept,
                      .placeholder = "{FRIGATE_RTSP_USER}:{FRIGATE_RTSP_PASSWORD}",
                      .user_info = frigate_user_info};
  auto all = target_cameras(cameras, target, options.with_credentials);
  YAML::Emitter out;
  out << YAML::BeginMap;
  put_switch(out, "mqtt", false);
  put_switch(out, "record", true);
  out << YAML::Key << "cameras" << YAML::Value << YAML::BeginMap;
  for (const auto& camera : all.cameras) {
    out << YAML::Key << quoted(camera.key) << YAML::Value;
    put_frigate_camera(out, camera);
  }
  out << YAML::EndMap << YAML::EndMap;
  return finish(out, all, "frigate",
                "# Frigate's environment gives FRIGATE_RTSP_USER and FRIGATE_RTSP_PASSWORD, as they are.\n");
}

Export to_home_assistant(const std::vector<apps::Camera>& cameras, const ExportOptions& options) {
  const Target target{.schemes = {"rtsp", "rtsps", "http", "https"},
                      .kept = kKept,
                      .placeholder = {},
                      .user_info = encoded_user_info};
  auto all = target_cameras(cameras, target, options.with_credentials);
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "ffmpeg" << YAML::Value << YAML::Flow << YAML::BeginMap
      << YAML::EndMap << YAML::Key << "camera" << YAML::Value << YAML::BeginSeq;
  for (const auto& camera : all.cameras)
    out << YAML::BeginMap << YAML::Key << "platform" << YAML::Value << "ffmpeg" << YAML::Key << "name"
        << YAML::Value << quoted(camera.name) << YAML::Key << "input" << YAML::Value
        << quoted(camera.main.address) << YAML::EndMap;
  out << YAML::EndSeq << YAML::EndMap;
  return finish(out, all, "homeassistant", kNoCredentials);
}

}  // namespace camctl::discover
