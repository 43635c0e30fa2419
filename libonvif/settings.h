// Changing what a device lets be changed: encoders, the sensor's picture, the clock, its name; and rebooting
// it.
//
// A configuration is sent back as the device wrote it, with only what is asked for changed in it: what we do
// not model, vendors' elements among it, is never deleted. Each change reads back what the device took.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libonvif/device_session.h"

namespace camctl::onvif {

// One value that was to change. `after` is what the device says once it is done; empty in a dry run.
struct SettingChange {
  std::string name;  // "encoder.bitrate_kbps", "imaging.brightness", …
  std::string before, wanted, after;
  double tolerance = 0;  // of a number that no device keeps exactly

  bool taken() const;  // numbers by value: "25" is "25.0"
};
using SettingChanges = std::vector<SettingChange>;

struct EncoderSettings {
  std::optional<unsigned> width = {}, height = {}, bitrate_kbps = {}, gop = {};
  std::optional<double> fps = {};

  bool empty() const { return !width && !height && !bitrate_kbps && !gop && !fps; }
};
// Of the profile's video encoder (Media 2, else Media 1). With `dry_run` nothing is sent that changes
// anything. kNotFound without such a profile; kUnsupported where the device's configuration lacks what is to
// change; what the device says against it.
Result<SettingChanges> set_encoder(DeviceSession& session, const std::vector<std::string>& profiles,
                                   const EncoderSettings& wanted, bool dry_run);

struct ImagingSettings {
  // In the device's own range.
  std::optional<double> brightness = {}, contrast = {}, saturation = {}, sharpness = {};

  bool empty() const { return !brightness && !contrast && !saturation && !sharpness; }
};
Result<SettingChanges> set_imaging(DeviceSession& session, const std::vector<std::string>& profiles,
                                   const ImagingSettings& wanted, bool dry_run);

enum class ClockSource : std::uint8_t {
  kOurs,  // set now, by our clock
  kNtp    // follows its NTP server
};
struct ClockSettings {
  ClockSource source = ClockSource::kOurs;
  std::string ntp_server;  // kNtp: a name or an address; empty: the one that it has
};
// Time zone and daylight saving stay as they are.
Result<SettingChanges> set_clock(DeviceSession& session, const ClockSettings& wanted, bool dry_run);

Result<SettingChanges> set_hostname(DeviceSession& session, const std::string& name, bool dry_run);

// The device's own words.
Result<std::string> reboot(DeviceSession& session);

}  // namespace camctl::onvif
