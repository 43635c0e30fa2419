#include "apps/discover/cameras.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/url.h"

namespace camctl::discover {
namespace {

using onvif::DeviceDescription;
using onvif::Profile;

apps::CameraProfile profile_of(const Profile& profile) {
  apps::CameraProfile result;
  result.token = profile.token;
  result.name = profile.name;
  result.rtsp_url = profile.rtsp_url;
  result.snapshot_url = profile.snapshot_url;
  if (const auto& v = profile.video)
    result.video = apps::VideoProfile{v->codec, v->width, v->height, v->fps, v->bitrate_kbps, v->gop};
  if (const auto& a = profile.audio) result.audio = apps::AudioProfile{a->codec, a->sample_rate, a->channels};
  if (!profile.rtsp_url_original.empty()) result.extra["rtsp_url_original"] = profile.rtsp_url_original;
  if (!profile.error.empty()) result.extra["error"] = profile.error;
  return result;
}

// Profiles by video source, in the device's order; those without one belong to the first.
std::vector<std::vector<const Profile*>> by_source(const DeviceDescription& device) {
  std::vector<std::string> sources;
  std::vector<std::vector<const Profile*>> groups;
  for (const auto& profile : device.profiles) {
    std::size_t at = 0;
    if (!profile.source_token.empty()) {
      const auto found = std::ranges::find(sources, profile.source_token);
      at = static_cast<std::size_t>(found - sources.begin());
      if (found == sources.end()) sources.push_back(profile.source_token);
    }
    if (groups.size() <= at) groups.resize(at + 1);
    groups[at].push_back(&profile);
  }
  return groups;
}

void take_identity(const DeviceDescription& device, const Answer& answer, apps::Camera& camera) {
  if (const auto url = Url::parse(device.onvif_url)) {
    camera.ip = url->host;
    camera.port = url->effective_port();
  }
  camera.name = device.name.empty() ? answer.request.label : device.name;
  camera.endpoint = device.endpoint;
  camera.manufacturer = device.manufacturer;
  camera.model = device.model;
  camera.firmware = device.firmware;
  camera.serial = device.serial;
  camera.mac = device.mac;
  camera.onvif_url = device.onvif_url;
  camera.onvif_tls_pin = device.tls_pin;
  camera.ptz = device.ptz;
  camera.events = device.events;
  camera.extra["auth"] = device.auth_scheme;
  camera.extra["quirks"] = device.quirks;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(device.clock_offset).count();
  constexpr std::int64_t kWorthSaying = 5;  // less changes from run to run
  if (seconds > kWorthSaying || seconds < -kWorthSaying) camera.extra["clock_offset_s"] = seconds;
  if (!device.warnings.empty()) camera.extra["warnings"] = device.warnings;
}

}  // namespace

std::vector<apps::Camera> cameras_of(const Answer& answer, bool keep_credentials) {
  std::vector<apps::Camera> cameras;
  if (!answer.device) return cameras;
  const DeviceDescription& device = *answer.device;
  const auto groups = by_source(device);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto main = std::ranges::find_if(groups[i], [](const Profile* p) { return !p->rtsp_url.empty(); });
    if (main == groups[i].end()) continue;
    apps::Camera camera;
    take_identity(device, answer, camera);
    if (groups.size() > 1) camera.name += fmt::format(" {}", i + 1);
    camera.rtsp_url = (*main)->rtsp_url;
    camera.profile_name = (*main)->name;
    camera.snapshot_url = (*main)->snapshot_url;
    for (const Profile* profile : groups[i]) camera.profiles.push_back(profile_of(*profile));
    if (keep_credentials) camera.credentials = answer.credentials;
    cameras.push_back(std::move(camera));
  }
  return cameras;
}

}  // namespace camctl::discover
