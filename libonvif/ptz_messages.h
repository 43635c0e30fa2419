// The SOAP messages of the PTZ service as plain values.
#pragma once

#include <string_view>
#include <vector>

#include "libonvif/messages.h"
#include "libonvif/ptz.h"

namespace camctl::onvif {

// Each sends the axes that have a value only (quirk 94); of pan and tilt, which are one element, the other is
// then 0.
Request continuous_move(std::string_view profile, const PtzVector& velocity);
Request relative_move(std::string_view profile, const PtzVector& way);
Request absolute_move(std::string_view profile, const PtzVector& position);
// Without WS-Addressing, whose Action header breaks it on some devices (quirk 91).
Request stop_move(std::string_view profile, const PtzVector& axes);
Request goto_home_position(std::string_view profile);
Request get_presets(std::string_view profile);
Request goto_preset(std::string_view profile, std::string_view preset);
Request set_preset(std::string_view profile, std::string_view name,
                   std::string_view preset);  // "": a new one
Request remove_preset(std::string_view profile, std::string_view preset);
Request get_ptz_status(std::string_view profile);

// A device without presets answers with none.
Result<std::vector<PtzPreset>> read_presets(std::string_view reply, Quirks& quirks);
Result<std::string> read_set_preset(std::string_view reply, Quirks& quirks);
Result<PtzStatus> read_ptz_status(std::string_view reply, Quirks& quirks);

}  // namespace camctl::onvif
