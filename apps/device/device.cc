#include "apps/device/device.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "apps/common/camera.h"
#include "apps/discover/locate.h"
#include "base/log.h"
#include "base/url.h"

namespace camctl::device {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A name that can't be a camera's only: with a port, a path, a dot, or an address.
bool looks_like_host(std::string_view text) {
  return text.find_first_of(".:[/") != text.npos || text == "localhost";
}

Credentials first_of(std::initializer_list<Credentials> candidates) {
  for (const auto& one : candidates)
    if (!one.empty()) return one;
  return {};
}

Credentials configured(const apps::Settings& settings, const apps::CameraIdentity& camera) {
  return apps::find_credentials(settings.credentials, camera).value_or(Credentials{});
}

Result<Device> from_camera(const apps::Camera& camera, const Credentials& given,
                           const apps::Settings& settings) {
  Device device;
  device.id = camera.id;
  device.request.label = camera.id;
  device.snapshot_url = camera.snapshot_url;
  for (const auto& profile : camera.profiles) device.profiles.push_back(profile.token);
  device.request.target.ip = camera.ip;
  if (!camera.onvif_url.empty()) {
    device.request.target.xaddrs.push_back(camera.onvif_url);
  } else if (!camera.ip.empty()) {
    device.request.host = camera.ip;  // its port is unknown: `port` may be that of the stream
  } else {
    return fail(ErrorCode::kUnsupported, fmt::format("camera {} has neither onvif_url nor ip", camera.id),
                "camctl discover finds them");
  }
  if (!camera.onvif_tls_pin.empty()) {
    auto pin = tls::KeyPin::parse(camera.onvif_tls_pin);
    if (!pin) return fail(fmt::format("camera {}: onvif_tls_pin", camera.id), pin.error());
    device.tls_pin = *pin;
  }
  device.credentials =
      first_of({given, camera.credentials, configured(settings, apps::identity_of(camera, camera.ip))});
  return device;
}

Result<Device> from_address(const std::string& text, const Credentials& given,
                            const apps::Settings& settings) {
  auto request = discover::request_from_text(text);
  if (!request) return fail(request.error());
  Device device;
  device.id = request->label;
  std::string host = request->host;
  if (!request->target.xaddrs.empty())
    if (const auto url = Url::parse(request->target.xaddrs.front())) host = url->host;
  device.credentials = first_of({request->credentials, given, configured(settings, {host, {}, {}, {}})});
  device.request = std::move(*request);
  return device;
}

// The channels of a recorder are one device.
bool is_known(const std::vector<Device>& devices, const Device& device) {
  const auto& xaddrs = device.request.target.xaddrs;
  return !xaddrs.empty() && std::ranges::any_of(devices, [&](const Device& other) {
    return other.request.target.xaddrs == xaddrs;
  });
}

Result<void> check_stdin(const DeviceOptions& options, const apps::Settings& settings) {
  if (options.credentials.password_stdin && settings.cameras == "-")
    return fail(ErrorCode::kUsage, "standard input cannot give both the password and the cameras",
                "use --password-file");
  return {};
}

}  // namespace

CLI::Option* add_device_options(CLI::App& app, DeviceOptions& options) {
  auto* camera =
      app.add_option(
             "camera", options.camera,
             "A camera's id or name in cameras.json, a host, or http://host:port/path of its ONVIF service")
          ->type_name("CAMERA");
  apps::add_credential_options(app, options.credentials);
  app.add_flag("--verify", options.verify_tls, "Check the certificate of a device that speaks HTTPS");
  app.add_flag("--allow-plain", options.allow_plain,
               "Send the password itself to a device that refuses its digest");
  apps::add_config_flags(app, options.config, {"cameras"});
  return camera;
}

Result<Device> choose_device(const DeviceOptions& options, const apps::Settings& settings) {
  if (auto fine = check_stdin(options, settings); !fine) return fail(fine.error());
  const auto given = apps::resolve_credentials(options.credentials);
  if (!given) return fail(given.error());
  const std::string& name = options.camera;
  if (name.find("://") != std::string::npos) return from_address(name, *given, settings);
  auto cameras = apps::load_named_cameras(settings.cameras);
  auto camera = cameras ? apps::find_camera(*cameras, name) : Result<apps::Camera>(fail(cameras.error()));
  if (camera) return from_camera(*camera, *given, settings);
  const bool missing = cameras ? camera.error().code == ErrorCode::kNotFound : settings.cameras != "-";
  if (missing && looks_like_host(name)) return from_address(name, *given, settings);
  return fail(camera.error());
}

Result<std::vector<Device>> all_devices(const DeviceOptions& options, const apps::Settings& settings) {
  if (auto fine = check_stdin(options, settings); !fine) return fail(fine.error());
  const auto given = apps::resolve_credentials(options.credentials);
  if (!given) return fail(given.error());
  const auto cameras = apps::load_named_cameras(settings.cameras);
  if (!cameras) return fail(cameras.error());
  std::vector<Device> devices;
  for (const auto& camera : *cameras) {
    auto device = from_camera(camera, *given, settings);
    if (!device && device.error().code == ErrorCode::kConfig) return fail(device.error());
    if (device && !is_known(devices, *device)) devices.push_back(std::move(*device));
  }
  if (devices.empty())
    return fail(ErrorCode::kNotFound, settings.cameras + " has no camera that speaks ONVIF");
  return devices;
}

onvif::InterrogateOptions ask_options(const Device& device, const DeviceOptions& options,
                                      const apps::CommonOptions& common) {
  onvif::InterrogateOptions how;
  how.credentials = device.credentials;
  how.verify_tls = options.verify_tls;
  how.allow_plain = options.allow_plain;
  if (!common.interfaces.empty()) how.interface = common.interfaces.front();
  how.tls_pin = device.tls_pin;
  how.unverified = [id = device.id](const tls::KeyPin& key) {
    log::get().warn("{}: nobody vouches for its TLS key {}; camctl discover makes it known", id,
                    key.to_string());
  };
  return how;
}

Result<std::unique_ptr<onvif::DeviceSession>> connect(const Device& device, const DeviceOptions& options,
                                                      const apps::CommonOptions& common,
                                                      const ConnectLimits& limits, std::stop_token stop) {
  auto how = ask_options(device, options, common);
  how.call_timeout = limits.call;
  how.total_timeout = limits.total;
  auto target = device.request.target;
  if (!device.request.host.empty()) {
    const auto began = Clock::now();
    const milliseconds limit = limits.total.count() > 0 ? limits.total : kUsualTimeout;
    auto located = discover::locate(device.request.host, std::move(target), limit, stop);
    if (!located) return fail(located.error());
    target = std::move(*located);
    const auto used = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    if (limits.total.count() > 0) how.total_timeout = std::max(limits.total - used, milliseconds{1});
  }
  return onvif::open_session(target, how, std::move(stop));
}

Result<Connection> open(const DeviceOptions& options, const apps::Context& context) {
  const auto config = apps::load_config(apps::default_config_sources(options.config));
  if (!config) return fail(config.error());
  auto device = choose_device(options, config->settings);
  if (!device) return fail(device.error());
  const ConnectLimits limits{.total = context.common.timeout};
  auto session = connect(*device, options, context.common, limits, context.stop);
  if (!session) return fail(session.error());
  return Connection{std::move(*device), std::move(*session)};
}

apps::CommonUse common_use(bool output) {
  return {.output = output,
          .timeout = fmt::format("Give up after this time (default {}s)", kUsualTimeout.count() / 1000),
          .jobs = false,
          .interface = true};
}

std::string utc_text(std::chrono::system_clock::time_point when) {
  const auto ms = std::chrono::duration_cast<milliseconds>(when.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), ms % 1000);
}

}  // namespace camctl::device
