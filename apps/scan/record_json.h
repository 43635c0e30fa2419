// The records of `camctl scan` (interface.md, "scan: a record").
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "apps/common/app.h"
#include "libonvif/discovery.h"

namespace camctl::apps {

// Every key of the schema, in its order; `rtsp_server`, `reason` and `event` only where there is one.
nlohmann::ordered_json to_json(const onvif::FoundDevice& device);

// How `-o table` shows them.
std::vector<Column> scan_columns();

// "80,554,8000-8010" as a list without duplicates. kUsage; at most kMaxPorts.
Result<std::vector<std::uint16_t>> parse_ports(std::string_view text);
inline constexpr std::size_t kMaxPorts = 1024;  // a sweep of more is a port scan, which camctl is not for

}  // namespace camctl::apps
