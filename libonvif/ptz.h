// Turning a camera (ONVIF PTZ Service): moves, presets, home.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "libonvif/device_session.h"

namespace camctl::onvif {

// In the generic spaces (PTZ §5.7): positions of pan and tilt from -1 to 1, of zoom from 0 to 1; velocities
// and ways from -1 to 1. An axis without a value does not move, and is not sent (quirk 94).
struct PtzVector {
  std::optional<double> pan = {}, tilt = {}, zoom = {};

  bool empty() const { return !pan && !tilt && !zoom; }
};

struct PtzPreset {
  std::string token, name;
  PtzVector position;  // empty where the device does not tell
};

struct PtzStatus {
  PtzVector position;
  std::optional<bool> moving;
};

// A profile's PTZ. Each call blocks for one or two requests; not thread-safe; the session must outlive it.
// kUnsupported where the device cannot turn, and the session's errors.
class Ptz {
 public:
  // Of the first profile that can turn. Of several channels (a recorder), that of the first of `profiles`,
  // their tokens; kNotFound where none of them can.
  static Result<Ptz> open(DeviceSession& session, const std::vector<std::string>& profiles = {});

  // Turns with this velocity until stop(). Without a timeout, which some devices refuse and others ignore
  // (quirk 93): whoever starts a move must stop it.
  Result<void> move(const PtzVector& velocity);
  // By zero velocity where the device fails to stop (quirk 93).
  Result<void> stop();
  Result<void> move_by(const PtzVector& way);
  // An axis that is not given keeps its position, for which the device is asked.
  Result<void> move_to(PtzVector position);
  Result<void> home();
  Result<std::vector<PtzPreset>> presets();
  // By token or, where no preset has it, by name. kNotFound lists what there is.
  Result<void> goto_preset(std::string_view token_or_name);
  // Keeps the position under this name: of the preset that has it, or of a new one. Its token.
  Result<std::string> set_preset(std::string_view name);
  Result<void> remove_preset(std::string_view token_or_name);
  Result<PtzStatus> status();

  const std::string& profile() const { return profile_; }

 private:
  Ptz(DeviceSession& session, Url service, std::string profile)
      : session_(&session), service_(std::move(service)), profile_(std::move(profile)) {}

  Result<std::string> find_preset(std::string_view token_or_name);
  Result<void> halt(const PtzVector& axes);

  DeviceSession* session_;
  Url service_;
  std::string profile_;
  PtzVector moved_;  // the axes of the last move()
};

inline constexpr std::size_t kMaxPresets = 512;  // devices have up to 300

}  // namespace camctl::onvif
