#include "libonvif/virtual_device_identity.h"

#include <fmt/format.h>

#include "base/url.h"

namespace camctl::onvif {
namespace {

constexpr std::string_view kScopePrefix = "onvif://www.onvif.org/";

std::string host_of(const VirtualDeviceConfig& config) {
  if (config.nat) return std::string(kNatHost);
  if (config.quirks.contains(12)) return "0.0.0.0";
  const bool v6 = config.address.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]", config.address) : config.address;
}

// Where streams and pictures are, by the device's words.
std::string media_host(const VirtualDeviceConfig& config) {
  return config.quirks.contains(79) ? std::string(kNatHost) : host_of(config);
}

}  // namespace

std::vector<std::string> virtual_scopes(const VirtualDeviceConfig& config) {
  std::vector<std::string> scopes;
  const auto add = [&](std::string_view category, std::string_view value) {
    if (!value.empty())
      scopes.push_back(fmt::format("{}{}/{}", kScopePrefix, category, percent_encode(value)));
  };
  add("type", "video_encoder");
  add("type", "Network_Video_Transmitter");
  add("Profile", "Streaming");
  add("Profile", "T");
  add("hardware", config.model);
  add("name", config.name);
  add("location", config.location);
  add("MAC", config.mac);
  return scopes;
}

std::string virtual_http_url(const VirtualDeviceConfig& config, std::string_view path) {
  return fmt::format("{}://{}:{}{}", config.https ? "https" : "http", host_of(config), config.onvif_port,
                     path);
}

std::string virtual_service_url(const VirtualDeviceConfig& config, std::string_view path) {
  if (config.quirks.contains(66)) path = {};
  if (config.quirks.contains(67))
    return fmt::format("https://{0}:{1}:{1}{2}", kNatHost, config.onvif_port, path);
  return virtual_http_url(config, path);
}

std::string_view virtual_device_path(const VirtualDeviceConfig& config) {
  return config.quirks.contains(25) ? kServicesPath : kDevicePath;
}

std::string virtual_xaddrs(const VirtualDeviceConfig& config) {
  const auto path = virtual_device_path(config);
  const std::string usual = virtual_http_url(config, path);
  std::string text;
  if (config.quirks.contains(10))
    text += fmt::format("http://169.254.7.7:{}{}\nhttps://{}{}\n", config.onvif_port, path, host_of(config),
                        path);
  if (config.quirks.contains(11)) text += fmt::format("http://[fe80::7:7]:{}{} ", config.onvif_port, path);
  return text + usual;
}

std::string virtual_rtsp_url(const VirtualDeviceConfig& config, const VirtualProfile& profile) {
  // The user that vendors write into their URIs is the factory's, whoever is asked for.
  const auto url = fmt::format("{}://{}{}:{}{}", config.rtsps ? "rtsps" : "rtsp",
                               config.quirks.contains(81) ? "admin:12345@" : "", media_host(config),
                               config.rtsp_port, profile.rtsp_path);
  return config.quirks.contains(77) ? fmt::format("\n  {}?channel=1&amp;subtype=0\n", url) : url;
}

std::uint16_t virtual_snapshot_port(const VirtualDeviceConfig& config) {
  return static_cast<std::uint16_t>(config.onvif_port + (config.quirks.contains(82) ? 1 : 0));
}

std::string virtual_snapshot_url(const VirtualDeviceConfig& config, const VirtualProfile& profile) {
  return fmt::format("{}://{}:{}{}?profile={}", config.https ? "https" : "http", media_host(config),
                     virtual_snapshot_port(config), kSnapshotPath, percent_encode(profile.token));
}

std::chrono::system_clock::time_point virtual_now(const VirtualDeviceConfig& config) {
  return config.clock() + config.clock_skew;
}

}  // namespace camctl::onvif
