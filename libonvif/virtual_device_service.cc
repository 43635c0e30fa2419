// The device service (ONVIF Core §8).
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/virtual_device_bindings.h"
#include "libonvif/virtual_device_identity.h"

namespace camctl::onvif {
namespace {

constexpr const char* kDeviceSpace = "http://www.onvif.org/ver10/device/wsdl";
constexpr const char* kMediaSpace = "http://www.onvif.org/ver10/media/wsdl";
constexpr const char* kMedia2Space = "http://www.onvif.org/ver20/media/wsdl";
constexpr const char* kEventsSpace = "http://www.onvif.org/ver10/events/wsdl";
constexpr const char* kPtzSpace = "http://www.onvif.org/ver20/ptz/wsdl";
constexpr const char* kImagingSpace = "http://www.onvif.org/ver20/imaging/wsdl";

tt__DateTime* date_time(struct soap* soap, const std::tm& shown) {
  auto* result = soap_new_tt__DateTime(soap);
  result->Time = soap_new_tt__Time(soap);
  result->Time->Hour = std::to_string(shown.tm_hour);
  result->Time->Minute = std::to_string(shown.tm_min);
  result->Time->Second = std::to_string(shown.tm_sec);
  result->Date = soap_new_tt__Date(soap);
  result->Date->Year = std::to_string(shown.tm_year + 1900);
  result->Date->Month = std::to_string(shown.tm_mon + 1);
  result->Date->Day = std::to_string(shown.tm_mday);
  return result;
}

tds__Service* service(struct soap* soap, const char* space, std::string xaddr, const char* major,
                      const char* minor) {
  auto* result = soap_new_tds__Service(soap);
  result->Namespace = space;
  result->XAddr = std::move(xaddr);
  result->Version = soap_new_tt__OnvifVersion(soap);
  result->Version->Major = major;
  result->Version->Minor = minor;
  return result;
}

bool lists_events(const VirtualDeviceConfig& config) { return config.events && !config.quirks.contains(92); }

bool lists_media1(const VirtualDeviceConfig& config) { return !config.quirks.contains(69); }

// Whether a GetCapabilities request wants this category; it wants all where it names none.
bool wanted(const _tds__GetCapabilities* request, std::string_view category) {
  if (!request || request->Category.empty()) return true;
  return std::any_of(request->Category.begin(), request->Category.end(),
                     [&](const std::string& one) { return one == "All" || one == category; });
}

}  // namespace

int DeviceService::GetSystemDateAndTime(_tds__GetSystemDateAndTime*,
                                        _tds__GetSystemDateAndTimeResponse& reply) {
  const auto has = [&](int quirk) { return config_.quirks.contains(quirk); };
  // China, eight hours ahead: what such a device takes for UTC, or tells without it.
  const auto ahead = has(46) || has(47) ? std::chrono::hours(8) : std::chrono::hours(0);
  const auto now = std::chrono::system_clock::to_time_t(virtual_now(config_) + ahead);
  std::tm shown{};
  ::gmtime_r(&now, &shown);
  auto* time = reply.SystemDateAndTime = soap_new_tt__SystemDateTime(soap);
  time->DateTimeType = state_.ntp ? "NTP" : "Manual";
  time->DaylightSavings = shows_bad_values(config_) ? "False" : "false";
  time->TimeZone = soap_new_tt__TimeZone(soap);
  time->TimeZone->TZ = has(48)                     ? "(GMT+00:00) Dublin, Edinburgh, London"
                       : has(47)                   ? "CST-8"
                       : shows_bad_values(config_) ? "CST-00:00:00"
                                                   : "UTC0";
  if (!has(47)) time->UTCDateTime = date_time(soap, shown);
  time->LocalDateTime = date_time(soap, shown);
  return SOAP_OK;
}

int DeviceService::GetDeviceInformation(_tds__GetDeviceInformation*,
                                        _tds__GetDeviceInformationResponse& reply) {
  const bool nameless = config_.quirks.contains(85);
  reply.Manufacturer = nameless ? "H264" : config_.manufacturer;
  reply.Model = nameless ? "" : config_.model;
  reply.FirmwareVersion = config_.firmware;
  reply.SerialNumber = config_.serial;
  reply.HardwareId = config_.hardware_id;
  return SOAP_OK;
}

int DeviceService::GetServices(_tds__GetServices*, _tds__GetServicesResponse& reply) {
  const auto add = [&](const char* space, std::string_view path, const char* major, const char* minor) {
    reply.Service.push_back(service(soap, space, virtual_service_url(config_, path), major, minor));
  };
  add(kDeviceSpace, virtual_device_path(config_), "2", "60");
  const bool incomplete = config_.quirks.contains(64);
  if (incomplete) add("http://www.axis.com/vapix/ws/entry", "/vapix/services", "1", "0");
  if (lists_media1(config_) && !incomplete) add(kMediaSpace, kMediaPath, "2", "60");
  add(kMedia2Space, kMedia2Path, "2", "60");
  if (lists_events(config_) && !incomplete) add(kEventsSpace, kEventsPath, "2", "60");
  if (config_.ptz) add(kPtzSpace, kPtzPath, "2", "60");
  if (config_.imaging) add(kImagingSpace, kImagingPath, "2", "60");
  return SOAP_OK;
}

int DeviceService::GetCapabilities(_tds__GetCapabilities* request, _tds__GetCapabilitiesResponse& reply) {
  reply.Capabilities = soap_new_tt__Capabilities(soap);
  if (wanted(request, "Device")) {
    auto* device = reply.Capabilities->Device = soap_new_tt__DeviceCapabilities(soap);
    device->XAddr = virtual_service_url(config_, virtual_device_path(config_));
  }
  if (lists_media1(config_) && wanted(request, "Media")) {
    auto* media = reply.Capabilities->Media = soap_new_tt__MediaCapabilities(soap);
    media->XAddr = virtual_service_url(config_, kMediaPath);
    media->StreamingCapabilities = soap_new_tt__RealTimeStreamingCapabilities(soap);
    media->StreamingCapabilities->RTPMulticast = "false";
    media->StreamingCapabilities->RTP_USCORETCP = "true";
    media->StreamingCapabilities->RTP_USCORERTSP_USCORETCP = "true";
  }
  if (lists_events(config_) && wanted(request, "Events")) {
    auto* events = reply.Capabilities->Events = soap_new_tt__EventCapabilities(soap);
    events->XAddr = virtual_service_url(config_, kEventsPath);
    events->WSSubscriptionPolicySupport = "false";
    events->WSPullPointSupport = config_.quirks.contains(86) ? "false" : "true";
    events->WSPausableSubscriptionManagerInterfaceSupport = "false";
  }
  if (config_.ptz && wanted(request, "PTZ")) {
    reply.Capabilities->PTZ = soap_new_tt__PTZCapabilities(soap);
    reply.Capabilities->PTZ->XAddr = virtual_service_url(config_, kPtzPath);
  }
  if (config_.imaging && wanted(request, "Imaging")) {
    reply.Capabilities->Imaging = soap_new_tt__ImagingCapabilities(soap);
    reply.Capabilities->Imaging->XAddr = virtual_service_url(config_, kImagingPath);
  }
  return SOAP_OK;
}

int DeviceService::GetScopes(_tds__GetScopes*, _tds__GetScopesResponse& reply) {
  for (auto& item : virtual_scopes(config_)) {
    auto* scope = soap_new_tt__Scope(soap);
    scope->ScopeDef = "Fixed";
    scope->ScopeItem = std::move(item);
    reply.Scopes.push_back(scope);
  }
  return SOAP_OK;
}

int DeviceService::GetHostname(_tds__GetHostname*, _tds__GetHostnameResponse& reply) {
  auto* hostname = reply.HostnameInformation = soap_new_tt__HostnameInformation(soap);
  hostname->FromDHCP = "false";
  hostname->Name = state_.hostname;
  return SOAP_OK;
}

int DeviceService::GetNetworkInterfaces(_tds__GetNetworkInterfaces*,
                                        _tds__GetNetworkInterfacesResponse& reply) {
  auto* interface = soap_new_tt__NetworkInterface(soap);
  interface->token = config_.interface;
  interface->Enabled = "true";
  interface->Info = soap_new_tt__NetworkInterfaceInfo(soap);
  interface->Info->Name = config_.interface;
  interface->Info->HwAddress = config_.mac;
  interface->Info->MTU = "1500";
  if (config_.address.find(':') == std::string::npos) {
    auto* v4 = interface->IPv4 = soap_new_tt__IPv4NetworkInterface(soap);
    v4->Enabled = "true";
    v4->Config = soap_new_tt__IPv4Configuration(soap);
    auto* address = soap_new_tt__PrefixedIPv4Address(soap);
    address->Address = config_.address;
    address->PrefixLength = "8";
    v4->Config->Manual.push_back(address);
    v4->Config->DHCP = "false";
  }
  reply.NetworkInterfaces.push_back(interface);
  return SOAP_OK;
}

int DeviceService::GetEndpointReference(_tds__GetEndpointReference*,
                                        _tds__GetEndpointReferenceResponse& reply) {
  reply.GUID = config_.endpoint;
  return SOAP_OK;
}

int DeviceService::SetHostname(_tds__SetHostname* request, _tds__SetHostnameResponse&) {
  const auto name = clean_text(value(request ? request->Name : std::nullopt));
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed)) {
    fault = SoapFault{Blame::kSender, "ter:InvalidArgVal", "ter:InvalidHostname", "not a host name"};
    return SOAP_FAULT;
  }
  state_.hostname = name;
  return SOAP_OK;
}

int DeviceService::GetDNS(_tds__GetDNS*, _tds__GetDNSResponse& reply) {
  auto* dns = reply.DNSInformation = soap_new_tt__DNSInformation(soap);
  dns->FromDHCP = "false";
  auto* server = soap_new_tt__IPAddress(soap);
  server->Type = "IPv4";
  server->IPv4Address = "127.0.0.1";
  dns->DNSManual.push_back(server);
  return SOAP_OK;
}

int DeviceService::GetNTP(_tds__GetNTP*, _tds__GetNTPResponse& reply) {
  auto* ntp = reply.NTPInformation = soap_new_tt__NTPInformation(soap);
  ntp->FromDHCP = "false";
  if (!state_.ntp_server.empty()) {
    auto* host = soap_new_tt__NetworkHost(soap);
    host->Type = "DNS";
    host->DNSname = state_.ntp_server;
    ntp->NTPManual.push_back(host);
  }
  return SOAP_OK;
}

int DeviceService::SetNTP(_tds__SetNTP* request, _tds__SetNTPResponse&) {
  state_.ntp_server.clear();
  for (const auto* host : request ? request->NTPManual : std::vector<tt__NetworkHost*>{}) {
    if (!host) continue;
    for (const auto& name : {host->DNSname, host->IPv4Address, host->IPv6Address})
      if (name && state_.ntp_server.empty()) state_.ntp_server = clean_text(*name);
  }
  return SOAP_OK;
}

int DeviceService::GetNetworkDefaultGateway(_tds__GetNetworkDefaultGateway*,
                                            _tds__GetNetworkDefaultGatewayResponse& reply) {
  reply.NetworkGateway = soap_new_tt__NetworkGateway(soap);
  reply.NetworkGateway->IPv4Address.emplace_back("127.0.0.1");
  return SOAP_OK;
}

// With NTP the clock is right from now on, as if a server had been asked.
int DeviceService::SetSystemDateAndTime(_tds__SetSystemDateAndTime* request,
                                        _tds__SetSystemDateAndTimeResponse&) {
  const bool ntp = request && request->DateTimeType == "NTP";
  const auto* utc = request ? request->UTCDateTime : nullptr;
  if (ntp) {
    state_.config.clock_skew = {};
  } else if (utc && utc->Date && utc->Time) {
    const auto time =
        make_date_time({value(utc->Date->Year), value(utc->Date->Month), value(utc->Date->Day),
                        value(utc->Time->Hour), value(utc->Time->Minute), value(utc->Time->Second)});
    if (!time) {
      fault = SoapFault{Blame::kSender, "ter:InvalidArgVal", "ter:InvalidDateTime", "there is no such time"};
      return SOAP_FAULT;
    }
    state_.config.clock_skew = std::chrono::round<std::chrono::seconds>(*time - state_.now());
  }
  state_.ntp = ntp;
  return SOAP_OK;
}

int DeviceService::GetUsers(_tds__GetUsers*, _tds__GetUsersResponse& reply) {
  auto* user = soap_new_tt__User(soap);
  user->Username = config_.credentials.user.empty() ? "admin" : config_.credentials.user;
  user->UserLevel = "Administrator";
  reply.User.push_back(user);
  return SOAP_OK;
}

int DeviceService::SystemReboot(_tds__SystemReboot*, _tds__SystemRebootResponse& reply) {
  reply.Message = "Rebooting";
  if (config_.on_reboot) config_.on_reboot();
  return SOAP_OK;
}

}  // namespace camctl::onvif
