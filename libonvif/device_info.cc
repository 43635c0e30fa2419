#include "libonvif/device_info.h"

#include <fmt/format.h>

namespace camctl::onvif {
namespace {

// Asks one thing; a failure becomes a gap.
template <class Read>
auto ask(DeviceSession& session, DeviceInfo& info, std::string_view what, const Request& request, Read read) {
  auto result =
      session.over()
          ? decltype(session.ask(session.url(), request, read))(fail(ErrorCode::kCancelled, "not asked"))
          : session.ask(session.url(), request, read);
  if (!result) info.gaps.push_back(fmt::format("{}: {}", what, result.error().message));
  return result;
}

}  // namespace

DeviceInfo device_info(DeviceSession& session) {
  DeviceInfo info;
  if (auto clock = ask(session, info, "date", get_system_date_and_time(), read_system_date_and_time))
    info.clock = *clock;
  if (auto name = ask(session, info, "hostname", get_hostname(), read_hostname)) info.hostname = *name;
  if (auto scopes = ask(session, info, "scopes", get_scopes(), read_scopes)) info.scopes = *scopes;
  if (auto all = ask(session, info, "interfaces", get_network_interfaces(), read_network_interfaces))
    info.interfaces = *all;
  if (auto gateways =
          ask(session, info, "gateway", get_network_default_gateway(), read_network_default_gateway))
    info.gateways = *gateways;
  if (auto dns = ask(session, info, "dns", get_dns(), read_dns)) info.dns = *dns;
  if (auto ntp = ask(session, info, "ntp", get_ntp(), read_ntp)) info.ntp = *ntp;
  if (auto users = ask(session, info, "users", get_users(), read_users)) info.users = *users;
  return info;
}

}  // namespace camctl::onvif
