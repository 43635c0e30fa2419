#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "apps/common/camera.h"
#include "apps/doctor/checks.h"
#include "base/atomic_file.h"
#include "base/os/permissions.h"
#include "base/tls.h"

namespace camctl::doctor {
namespace {

namespace fs = std::filesystem;

Finding exposed(const char* check, const std::string& file) {
  return {check, file, Status::kWarning, "every user of this host can read the passwords in it",
          fmt::format("chmod 600 {}", file)};
}

// What is wrong with one entry, though the file as a whole is valid.
void check_camera(const std::string& file, const apps::Camera& camera, Findings& found) {
  const auto warn = [&](std::string message, std::string hint) {
    found.push_back(
        {"cameras", file, Status::kWarning, fmt::format("{} {}", camera.id, message), std::move(hint)});
  };
  if (camera.rtsp_url.empty())
    warn("has no rtsp_url: there is no stream to show",
         "camctl discover " + file + " asks the device for it");
  for (const auto& [key, text] :
       {std::pair{"tls_pin", &camera.tls_pin}, {"onvif_tls_pin", &camera.onvif_tls_pin}}) {
    if (text->empty()) continue;
    if (const auto pin = tls::KeyPin::parse(*text); !pin)
      warn(fmt::format("has a wrong {}: {}", key, pin.error().message), pin.error().hint);
  }
}

}  // namespace

Findings check_configuration(apps::ConfigSources sources, apps::Config& config) {
  Findings found, secrets;
  sources.exposed = [&](const fs::path& file) { secrets.push_back(exposed("configuration", file.string())); };
  auto loaded = apps::load_config(sources);
  if (loaded) {
    config = std::move(*loaded);
    for (const auto& file : config.files)
      found.push_back({"configuration", file.string(), Status::kOk, "is valid", {}});
    if (config.files.empty())
      found.push_back(
          {"configuration", {}, Status::kOk, "there is no file: all values are the defaults", {}});
  } else {
    found.push_back({"configuration", {}, Status::kFailed, loaded.error().message, loaded.error().hint});
  }
  std::ranges::move(secrets, std::back_inserter(found));
  return found;
}

Findings check_cameras(const apps::Settings& settings, std::size_t& count) {
  count = 0;
  const auto& file = settings.cameras;
  if (file == "-") return {};
  const auto cameras = apps::load_cameras(file);
  if (!cameras && cameras.error().code == ErrorCode::kNotFound)
    return {{"cameras", file, Status::kWarning, "there is no such file yet",
             "camctl scan | camctl discover - makes it"}};
  if (!cameras) return {{"cameras", file, Status::kFailed, cameras.error().message, cameras.error().hint}};
  count = cameras->size();
  Findings found{{"cameras", file, Status::kOk, fmt::format("is valid and has {} cameras", count), {}}};
  for (const auto& camera : *cameras) check_camera(file, camera, found);
  const bool secrets =
      std::any_of(cameras->begin(), cameras->end(), [](const auto& one) { return !one.credentials.empty(); });
  if (secrets && os::readable_by_all(file)) found.push_back(exposed("cameras", file));
  if (auto writable = check_replaceable(file); !writable)
    found.push_back({"cameras", file, Status::kWarning, writable.error().message,
                     "discover and changes in the dashboard need to write it"});
  return found;
}

}  // namespace camctl::doctor
