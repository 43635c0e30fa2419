// The SOAP messages that change a device. Internal: configurations are XML here.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "libonvif/messages.h"
#include "libonvif/soap/configuration.h"

namespace camctl::onvif {

Request get_video_encoder_1(std::string_view token);
Request set_video_encoder_1(const Configuration& configuration);
Request get_video_encoder_2(std::string_view token);
Request set_video_encoder_2(const Configuration& configuration);
Request get_imaging_settings(std::string_view source);
Request set_imaging_settings(std::string_view source, const Configuration& settings);
// `zone` as the device wrote it; empty: none. The time is left out where the device follows NTP.
Request set_system_date_and_time(bool ntp, std::string_view daylight_savings, std::string_view zone,
                                 std::chrono::system_clock::time_point time);
Request set_ntp(std::string_view server);
Request set_hostname_request(std::string_view name);
Request system_reboot();
Result<std::string> read_system_reboot(std::string_view reply, Quirks& quirks);

}  // namespace camctl::onvif
