// The operations of a virtual device, behind the service classes that soapcpp2 makes from wsdl/. Internal: it
// includes generated headers.
#pragma once

#include <soapDeviceBindingService.h>
#include <soapMedia2BindingService.h>
#include <soapMediaBindingService.h>

#include <optional>
#include <string>

#include "libonvif/soap/server.h"
#include "libonvif/virtual_device.h"

namespace camctl::onvif {

// Each service shares the request's context. An operation that fails leaves its fault in `fault` and returns
// SOAP_FAULT. Request pointers may be null and lack any member.

class DeviceService final : public DeviceBindingService {
 public:
  DeviceService(struct soap* context, const VirtualDeviceConfig& config)
      : DeviceBindingService(context), config_(config) {}
  DeviceBindingService* copy() override { return new DeviceService(*this); }

  int GetSystemDateAndTime(_tds__GetSystemDateAndTime*, _tds__GetSystemDateAndTimeResponse&) override;
  int GetDeviceInformation(_tds__GetDeviceInformation*, _tds__GetDeviceInformationResponse&) override;
  int GetServices(_tds__GetServices*, _tds__GetServicesResponse&) override;
  int GetCapabilities(_tds__GetCapabilities*, _tds__GetCapabilitiesResponse&) override;
  int GetScopes(_tds__GetScopes*, _tds__GetScopesResponse&) override;
  int GetHostname(_tds__GetHostname*, _tds__GetHostnameResponse&) override;
  int GetNetworkInterfaces(_tds__GetNetworkInterfaces*, _tds__GetNetworkInterfacesResponse&) override;
  int GetEndpointReference(_tds__GetEndpointReference*, _tds__GetEndpointReferenceResponse&) override;

  std::optional<SoapFault> fault;

 private:
  const VirtualDeviceConfig& config_;
};

class MediaService final : public MediaBindingService {
 public:
  MediaService(struct soap* context, const VirtualDeviceConfig& config)
      : MediaBindingService(context), config_(config) {}
  MediaBindingService* copy() override { return new MediaService(*this); }

  int GetProfiles(_trt__GetProfiles*, _trt__GetProfilesResponse&) override;
  int GetProfile(_trt__GetProfile*, _trt__GetProfileResponse&) override;
  int GetStreamUri(_trt__GetStreamUri*, _trt__GetStreamUriResponse&) override;
  int GetSnapshotUri(_trt__GetSnapshotUri*, _trt__GetSnapshotUriResponse&) override;
  int GetVideoSources(_trt__GetVideoSources*, _trt__GetVideoSourcesResponse&) override;

  std::optional<SoapFault> fault;

 private:
  const VirtualDeviceConfig& config_;
};

class Media2Service final : public Media2BindingService {
 public:
  Media2Service(struct soap* context, const VirtualDeviceConfig& config)
      : Media2BindingService(context), config_(config) {}
  Media2BindingService* copy() override { return new Media2Service(*this); }

  int GetProfiles(_tr2__GetProfiles*, _tr2__GetProfilesResponse&) override;
  int GetStreamUri(_tr2__GetStreamUri*, _tr2__GetStreamUriResponse&) override;
  int GetSnapshotUri(_tr2__GetSnapshotUri*, _tr2__GetSnapshotUriResponse&) override;

  std::optional<SoapFault> fault;

 private:
  const VirtualDeviceConfig& config_;
};

// The profile with this token; null with `fault` set where there is none (ONVIF Media §5.2, ter:NoProfile).
const VirtualProfile* profile_or_fault(const VirtualDeviceConfig& config,
                                       const std::optional<std::string>& token,
                                       std::optional<SoapFault>& fault);

// Whether the device shows values outside of the schema.
inline bool shows_bad_values(const VirtualDeviceConfig& config) { return config.quirks.contains(39); }

}  // namespace camctl::onvif
