// What a device tells of itself beyond its streams: network, clock, users.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libonvif/device_session.h"
#include "libonvif/messages.h"

namespace camctl::onvif {

struct NetworkHosts {
  bool from_dhcp = false;
  std::vector<std::string> hosts;  // addresses or names
};

struct DeviceUser {
  std::string name, level;  // "Administrator", "Operator", "User", …
};

// As far as the device tells; `gaps` says what it refused or failed, and why.
struct DeviceInfo {
  std::string hostname;
  std::vector<NetworkInterface> interfaces;
  std::vector<std::string> gateways;
  std::optional<NetworkHosts> dns, ntp;
  std::optional<DeviceClock> clock;
  std::optional<std::vector<DeviceUser>> users;  // only administrators may ask, on most devices
  std::vector<std::string> scopes;
  std::vector<std::string> gaps;
};

// Asks for each in turn; blocks. Ends early where the session is over.
DeviceInfo device_info(DeviceSession& session);

Request get_hostname();
Request get_dns();
Request get_ntp();
Request get_network_default_gateway();
Request get_users();
Result<std::string> read_hostname(std::string_view reply, Quirks& quirks);
Result<NetworkHosts> read_dns(std::string_view reply, Quirks& quirks);
Result<NetworkHosts> read_ntp(std::string_view reply, Quirks& quirks);
Result<std::vector<std::string>> read_network_default_gateway(std::string_view reply, Quirks& quirks);
Result<std::vector<DeviceUser>> read_users(std::string_view reply, Quirks& quirks);

}  // namespace camctl::onvif
