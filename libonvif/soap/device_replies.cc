#include <algorithm>
#include <array>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/messages.h"
#include "libonvif/soap/reply_reader.h"

namespace camctl::onvif {
namespace {

std::string text_of(const std::optional<std::string>& text) { return clean_text(value(text)); }

std::optional<std::chrono::system_clock::time_point> time_of(const tt__DateTime* when) {
  if (!when || !when->Date || !when->Time) return std::nullopt;
  return make_date_time({value(when->Date->Year), value(when->Date->Month), value(when->Date->Day),
                         value(when->Time->Hour), value(when->Time->Minute), value(when->Time->Second)});
}

// An address: one token, no white space (quirk 77).
std::string address_of(const std::optional<std::string>& text) {
  return std::string(text::trim(value(text)));
}

void add_service(std::vector<Service>& services, std::string_view ns, std::string xaddr) {
  if (!ns.empty() && !xaddr.empty() && services.size() < kMaxListed)
    services.push_back({std::string(ns), std::move(xaddr)});
}

// "00-11-22-AA-BB-CC", "001122aabbcc" and the like as "00:11:22:aa:bb:cc"; empty for anything else or zeros.
std::string mac_of(std::string_view text) {
  std::string digits;
  for (const char c : text::lower(text)) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
      digits += c;
    } else if (c != ':' && c != '-' && c != '.' && c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      return {};
    }
  }
  constexpr std::size_t kDigits = 12;
  if (digits.size() != kDigits || digits.find_first_not_of('0') == digits.npos) return {};
  std::string mac;
  for (std::size_t i = 0; i < kDigits; i += 2) mac.append(i == 0 ? "" : ":").append(digits, i, 2);
  return mac;
}

NetworkInterface interface_of(const tt__NetworkInterface& reported) {
  NetworkInterface result;
  if (reported.Info) result.mac = mac_of(value(reported.Info->HwAddress));
  if (!reported.IPv4 || !reported.IPv4->Config) return result;
  const auto add = [&](const tt__PrefixedIPv4Address* address) {
    if (!address || result.addresses.size() >= kMaxListed) return;
    if (auto text = text_of(address->Address); !text.empty()) result.addresses.push_back(std::move(text));
  };
  for (const auto* manual : reported.IPv4->Config->Manual) add(manual);
  add(reported.IPv4->Config->FromDHCP);
  add(reported.IPv4->Config->LinkLocal);
  return result;
}

}  // namespace

Result<DeviceClock> read_system_date_and_time(std::string_view reply, Quirks& quirks) {
  // A device without a clock is a device all the same (quirk 47).
  const auto convert = [](const _tds__GetSystemDateAndTimeResponse& r) -> std::optional<DeviceClock> {
    DeviceClock clock;
    const auto* date = r.SystemDateAndTime;
    if (!date) return clock;
    clock.source = text_of(date->DateTimeType);
    if (date->TimeZone) clock.zone = text_of(date->TimeZone->TZ);
    clock.utc = time_of(date->UTCDateTime);
    if (clock.utc) return clock;
    const auto zone = date->TimeZone ? parse_tz_offset(value(date->TimeZone->TZ)) : std::nullopt;
    if (const auto local = time_of(date->LocalDateTime); local && zone) clock.utc = *local - *zone;
    clock.from_local = clock.utc.has_value();
    return clock;
  };
  auto clock = read_reply<_tds__GetSystemDateAndTimeResponse>(
      reply, {"tds", "GetSystemDateAndTimeResponse"}, quirks, convert,
      [](const DeviceClock& c) { return c.utc && !c.from_local ? 0u : 1u; });
  if (clock && !clock->utc) quirks.insert(46);
  if (clock && clock->from_local) quirks.insert(47);
  if (clock && !clock->zone.empty() && !parse_tz_offset(clock->zone)) quirks.insert(48);
  return clock;
}

Result<DeviceInformation> read_device_information(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetDeviceInformationResponse& r) -> std::optional<DeviceInformation> {
    if (!r.Manufacturer && !r.Model && !r.FirmwareVersion && !r.SerialNumber) return std::nullopt;
    return DeviceInformation{text_of(r.Manufacturer), text_of(r.Model), text_of(r.FirmwareVersion),
                             text_of(r.SerialNumber), text_of(r.HardwareId)};
  };
  return read_reply<_tds__GetDeviceInformationResponse>(reply, {"tds", "GetDeviceInformationResponse"},
                                                        quirks, convert);
}

Result<std::vector<Service>> read_services(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetServicesResponse& r) -> std::optional<std::vector<Service>> {
    std::vector<Service> services;
    for (const auto* service : r.Service)
      if (service) add_service(services, text::trim(value(service->Namespace)), address_of(service->XAddr));
    if (services.empty()) return std::nullopt;
    return services;
  };
  return read_reply<_tds__GetServicesResponse>(reply, {"tds", "GetServicesResponse"}, quirks, convert);
}

Result<std::vector<Service>> read_capabilities(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetCapabilitiesResponse& r) -> std::optional<std::vector<Service>> {
    if (!r.Capabilities) return std::nullopt;
    const auto& c = *r.Capabilities;
    std::vector<Service> services;
    if (c.Device) add_service(services, kDeviceNs, address_of(c.Device->XAddr));
    if (c.Media) add_service(services, kMediaNs, address_of(c.Media->XAddr));
    if (c.Events) add_service(services, kEventsNs, address_of(c.Events->XAddr));
    if (c.PTZ) add_service(services, kPtzNs, address_of(c.PTZ->XAddr));
    if (c.Imaging) add_service(services, kImagingNs, address_of(c.Imaging->XAddr));
    if (c.Analytics) add_service(services, kAnalyticsNs, address_of(c.Analytics->XAddr));
    if (services.empty()) return std::nullopt;
    return services;
  };
  return read_reply<_tds__GetCapabilitiesResponse>(reply, {"tds", "GetCapabilitiesResponse"}, quirks,
                                                   convert);
}

Result<std::vector<std::string>> read_scopes(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetScopesResponse& r) -> std::optional<std::vector<std::string>> {
    std::vector<std::string> scopes;
    for (const auto* scope : r.Scopes)
      if (scope && scope->ScopeItem && scopes.size() < kMaxListed)
        scopes.push_back(text_of(scope->ScopeItem));
    if (scopes.empty()) return std::nullopt;
    return scopes;
  };
  return read_reply<_tds__GetScopesResponse>(reply, {"tds", "GetScopesResponse"}, quirks, convert);
}

Result<std::vector<NetworkInterface>> read_network_interfaces(std::string_view reply, Quirks& quirks) {
  const auto convert =
      [](const _tds__GetNetworkInterfacesResponse& r) -> std::optional<std::vector<NetworkInterface>> {
    std::vector<NetworkInterface> interfaces;
    for (const auto* reported : r.NetworkInterfaces)
      if (reported && interfaces.size() < kMaxListed) interfaces.push_back(interface_of(*reported));
    if (interfaces.empty()) return std::nullopt;
    return interfaces;
  };
  return read_reply<_tds__GetNetworkInterfacesResponse>(reply, {"tds", "GetNetworkInterfacesResponse"},
                                                        quirks, convert);
}

Result<std::string> read_endpoint_reference(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__GetEndpointReferenceResponse& r) -> std::optional<std::string> {
    std::string guid = text_of(r.GUID);
    if (guid.empty()) return std::nullopt;
    if (text::lower(guid).starts_with("uuid:")) guid.insert(0, "urn:");
    if (guid.find(':') == guid.npos) guid.insert(0, "urn:uuid:");
    return guid;
  };
  return read_reply<_tds__GetEndpointReferenceResponse>(reply, {"tds", "GetEndpointReferenceResponse"},
                                                        quirks, convert);
}

}  // namespace camctl::onvif
