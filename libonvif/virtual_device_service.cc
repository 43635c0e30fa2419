// The device service (ONVIF Core §8).
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "libonvif/virtual_device_bindings.h"
#include "libonvif/virtual_device_identity.h"

namespace camctl::onvif {
namespace {

constexpr const char* kDeviceSpace = "http://www.onvif.org/ver10/device/wsdl";
constexpr const char* kMediaSpace = "http://www.onvif.org/ver10/media/wsdl";
constexpr const char* kMedia2Space = "http://www.onvif.org/ver20/media/wsdl";

tt__DateTime* date_time(struct soap* soap, const std::tm& utc) {
  auto* result = soap_new_tt__DateTime(soap);
  result->Time = soap_new_tt__Time(soap);
  result->Time->Hour = std::to_string(utc.tm_hour);
  result->Time->Minute = std::to_string(utc.tm_min);
  result->Time->Second = std::to_string(utc.tm_sec);
  result->Date = soap_new_tt__Date(soap);
  result->Date->Year = std::to_string(utc.tm_year + 1900);
  result->Date->Month = std::to_string(utc.tm_mon + 1);
  result->Date->Day = std::to_string(utc.tm_mday);
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

// Whether a GetCapabilities request wants this category; it wants all where it names none.
bool wanted(const _tds__GetCapabilities* request, std::string_view category) {
  if (!request || request->Category.empty()) return true;
  return std::any_of(request->Category.begin(), request->Category.end(),
                     [&](const std::string& one) { return one == "All" || one == category; });
}

}  // namespace

int DeviceService::GetSystemDateAndTime(_tds__GetSystemDateAndTime*,
                                        _tds__GetSystemDateAndTimeResponse& reply) {
  const auto now = std::chrono::system_clock::to_time_t(virtual_now(config_));
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  auto* time = reply.SystemDateAndTime = soap_new_tt__SystemDateTime(soap);
  time->DateTimeType = "Manual";
  time->DaylightSavings = shows_bad_values(config_) ? "False" : "false";
  time->TimeZone = soap_new_tt__TimeZone(soap);
  time->TimeZone->TZ = shows_bad_values(config_) ? "CST-00:00:00" : "UTC0";  // quirk 48
  time->UTCDateTime = date_time(soap, utc);
  time->LocalDateTime = date_time(soap, utc);
  return SOAP_OK;
}

int DeviceService::GetDeviceInformation(_tds__GetDeviceInformation*,
                                        _tds__GetDeviceInformationResponse& reply) {
  reply.Manufacturer = config_.manufacturer;
  reply.Model = config_.model;
  reply.FirmwareVersion = config_.firmware;
  reply.SerialNumber = config_.serial;
  reply.HardwareId = config_.hardware_id;
  return SOAP_OK;
}

int DeviceService::GetServices(_tds__GetServices*, _tds__GetServicesResponse& reply) {
  const auto add = [&](const char* space, std::string_view path, const char* major, const char* minor) {
    reply.Service.push_back(service(soap, space, virtual_http_url(config_, path), major, minor));
  };
  add(kDeviceSpace, virtual_device_path(config_), "2", "60");
  add(kMediaSpace, kMediaPath, "2", "60");
  add(kMedia2Space, kMedia2Path, "2", "60");
  return SOAP_OK;
}

int DeviceService::GetCapabilities(_tds__GetCapabilities* request, _tds__GetCapabilitiesResponse& reply) {
  reply.Capabilities = soap_new_tt__Capabilities(soap);
  if (wanted(request, "Device")) {
    auto* device = reply.Capabilities->Device = soap_new_tt__DeviceCapabilities(soap);
    device->XAddr = virtual_http_url(config_, virtual_device_path(config_));
  }
  if (wanted(request, "Media")) {
    auto* media = reply.Capabilities->Media = soap_new_tt__MediaCapabilities(soap);
    media->XAddr = virtual_http_url(config_, kMediaPath);
    media->StreamingCapabilities = soap_new_tt__RealTimeStreamingCapabilities(soap);
    media->StreamingCapabilities->RTPMulticast = "false";
    media->StreamingCapabilities->RTP_USCORETCP = "true";
    media->StreamingCapabilities->RTP_USCORERTSP_USCORETCP = "true";
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
  hostname->Name = config_.serial;  // a camera's host name is a word, its own name may be anything
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

}  // namespace camctl::onvif
