// An event as `camctl events` prints it.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "libonvif/events.h"

namespace camctl::events {

// {"camera","time","topic","operation","state","source":{…},"key":{…},"data":{…},"received"}: what is not
// known is left out. `time` is the device's; where that makes no sense (quirk 90), ours.
nlohmann::ordered_json to_json(const onvif::Event& event, const std::string& camera,
                               std::chrono::system_clock::time_point received);

std::vector<apps::Column> columns();

}  // namespace camctl::events
