// A camera named on a command line, as an ONVIF device: what events, ptz, snapshot, info, set and reboot
// share.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "apps/common/config.h"
#include "apps/discover/targets.h"
#include "base/tls.h"
#include "libonvif/device_session.h"

namespace camctl::device {

struct DeviceOptions {
  std::string camera;  // an id or name of cameras.json, a host, or an address of ONVIF
  apps::ConfigFlags config;
  apps::CredentialOptions credentials;
  bool verify_tls = false;
  bool allow_plain = false;  // see onvif::InterrogateOptions
};

// Declares the argument CAMERA, credentials, --cameras, --config, --verify and --allow-plain.
CLI::Option* add_device_options(CLI::App& app, DeviceOptions& options);

// What is known of a device before it is asked.
struct Device {
  std::string id;                     // of cameras.json; else as it was given
  discover::Request request;          // where it is
  Credentials credentials;            // for that host only
  std::vector<std::string> profiles;  // the tokens of this camera; of a recorder, other channels have others
  std::string snapshot_url;
  std::optional<tls::KeyPin> tls_pin;  // its key over https, where that is known
};

// The camera that is meant: by id or name in cameras.json, else as a host or an address. kNotFound lists the
// cameras there are; kUsage, kConfig.
Result<Device> choose_device(const DeviceOptions& options, const apps::Settings& settings);
// Every device of cameras.json, once: the first channel stands for a recorder. kNotFound if there is none.
Result<std::vector<Device>> all_devices(const DeviceOptions& options, const apps::Settings& settings);

// How the device is spoken to, with the certainty about its key that there is.
onvif::InterrogateOptions ask_options(const Device& device, const DeviceOptions& options,
                                      const apps::CommonOptions& common);

struct ConnectLimits {
  std::chrono::milliseconds call{10'000}, total{0};  // 0: none
};
// Finds the device's port where it is not known, its services and its clock. Blocks.
Result<std::unique_ptr<onvif::DeviceSession>> connect(const Device& device, const DeviceOptions& options,
                                                      const apps::CommonOptions& common,
                                                      const ConnectLimits& limits, std::stop_token stop);

// The usual beginning: configuration, the device, a session that lasts common.timeout at most.
struct Connection {
  Device device;
  std::unique_ptr<onvif::DeviceSession> session;
};
Result<Connection> open(const DeviceOptions& options, const apps::Context& context);

// --timeout of programs that ask a device a few things.
inline constexpr std::chrono::milliseconds kUsualTimeout{30'000};
// Their common options; `output`: whether they print records.
apps::CommonUse common_use(bool output);

// "2026-11-22T20:05:49.123Z"
std::string utc_text(std::chrono::system_clock::time_point when);

}  // namespace camctl::device
