// What `camctl info` prints.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "libonvif/device.h"
#include "libonvif/device_info.h"
#include "libonvif/device_session.h"

namespace camctl::info {

// One object: identity, services, profiles, network, time, users, and what could not be learnt.
nlohmann::ordered_json to_json(const std::string& id, const onvif::DeviceDescription& device,
                               const onvif::DeviceInfo& info, const onvif::DeviceSession& session);

// The same for a person: a line for each value, indented by what it belongs to.
std::string to_text(const nlohmann::ordered_json& record);

}  // namespace camctl::info
