// Presets and positions as `camctl ptz` prints them and the API answers.
#pragma once

#include <nlohmann/json.hpp>

#include "libonvif/ptz.h"

namespace camctl::ptz {

// {"token","name","pan","tilt","zoom"}: axes that are not known are left out.
nlohmann::ordered_json to_json(const onvif::PtzPreset& preset);
// {"pan","tilt","zoom","moving"}, the same.
nlohmann::ordered_json to_json(const onvif::PtzStatus& status);

}  // namespace camctl::ptz
