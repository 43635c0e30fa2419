#include <algorithm>

#include "base/text.h"
#include "libonvif/device_info.h"
#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/soap/request_writer.h"

namespace camctl::onvif {
namespace {

using Text = std::optional<std::string>;

// The first of an element's spellings that says something; 0.0.0.0 says nothing.
void add_host(NetworkHosts& hosts, std::initializer_list<const Text*> spellings) {
  if (hosts.hosts.size() >= kMaxListed) return;
  for (const Text* spelling : spellings) {
    std::string text = clean_text(value(*spelling));
    if (text.empty() || text == "0.0.0.0" || text == "::") continue;
    hosts.hosts.push_back(std::move(text));
    return;
  }
}

void add_addresses(NetworkHosts& hosts, const std::vector<tt__IPAddress*>& addresses) {
  for (const auto* one : addresses)
    if (one) add_host(hosts, {&one->IPv4Address, &one->IPv6Address});
}

void add_names(NetworkHosts& hosts, const std::vector<tt__NetworkHost*>& names) {
  for (const auto* one : names)
    if (one) add_host(hosts, {&one->DNSname, &one->IPv4Address, &one->IPv6Address});
}

}  // namespace

Request get_hostname() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetHostname",
          write_empty_body<_tds__GetHostname>("tds:GetHostname")};
}

Request get_dns() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetDNS", write_empty_body<_tds__GetDNS>("tds:GetDNS")};
}

Request get_ntp() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetNTP", write_empty_body<_tds__GetNTP>("tds:GetNTP")};
}

Request get_network_default_gateway() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetNetworkDefaultGateway",
          write_empty_body<_tds__GetNetworkDefaultGateway>("tds:GetNetworkDefaultGateway")};
}

Request get_users() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetUsers",
          write_empty_body<_tds__GetUsers>("tds:GetUsers")};
}

Result<std::string> read_hostname(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetHostnameResponse& r) -> std::optional<std::string> {
    if (!r.HostnameInformation) return std::nullopt;
    return clean_text(value(r.HostnameInformation->Name));
  };
  return read_reply<_tds__GetHostnameResponse>(reply, {"tds", "GetHostnameResponse"}, quirks, convert);
}

Result<NetworkHosts> read_dns(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetDNSResponse& r) -> std::optional<NetworkHosts> {
    if (!r.DNSInformation) return std::nullopt;
    NetworkHosts dns{parse_bool(value(r.DNSInformation->FromDHCP)).value_or(false), {}};
    add_addresses(dns, dns.from_dhcp ? r.DNSInformation->DNSFromDHCP : r.DNSInformation->DNSManual);
    if (dns.hosts.empty()) add_addresses(dns, r.DNSInformation->DNSManual);
    return dns;
  };
  return read_reply<_tds__GetDNSResponse>(reply, {"tds", "GetDNSResponse"}, quirks, convert);
}

Result<NetworkHosts> read_ntp(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetNTPResponse& r) -> std::optional<NetworkHosts> {
    if (!r.NTPInformation) return std::nullopt;
    NetworkHosts ntp{parse_bool(value(r.NTPInformation->FromDHCP)).value_or(false), {}};
    add_names(ntp, ntp.from_dhcp ? r.NTPInformation->NTPFromDHCP : r.NTPInformation->NTPManual);
    if (ntp.hosts.empty()) add_names(ntp, r.NTPInformation->NTPManual);
    return ntp;
  };
  return read_reply<_tds__GetNTPResponse>(reply, {"tds", "GetNTPResponse"}, quirks, convert);
}

Result<std::vector<std::string>> read_network_default_gateway(std::string_view reply, Quirks& quirks) {
  const auto convert =
      [](const _tds__GetNetworkDefaultGatewayResponse& r) -> std::optional<std::vector<std::string>> {
    if (!r.NetworkGateway) return std::nullopt;
    std::vector<std::string> gateways;
    for (const auto* list : {&r.NetworkGateway->IPv4Address, &r.NetworkGateway->IPv6Address})
      for (const auto& address : *list)
        if (auto text = clean_text(address); !text.empty() && gateways.size() < kMaxListed)
          gateways.push_back(std::move(text));
    return gateways;
  };
  return read_reply<_tds__GetNetworkDefaultGatewayResponse>(
      reply, {"tds", "GetNetworkDefaultGatewayResponse"}, quirks, convert);
}

Result<std::vector<DeviceUser>> read_users(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetUsersResponse& r) -> std::optional<std::vector<DeviceUser>> {
    std::vector<DeviceUser> users;
    for (const auto* user : r.User)
      if (user && users.size() < kMaxListed)
        users.push_back({clean_text(value(user->Username)), clean_text(value(user->UserLevel))});
    return users;
  };
  return read_reply<_tds__GetUsersResponse>(
      reply, {"tds", "GetUsersResponse"}, quirks, convert, [](const std::vector<DeviceUser>& users) {
        return static_cast<std::size_t>(
            std::ranges::count_if(users, [](const DeviceUser& u) { return u.name.empty(); }));
      });
}

}  // namespace camctl::onvif
