// The operations of a virtual device, behind the service classes that soapcpp2 makes from wsdl/. Internal: it
// includes generated headers.
#pragma once

#include <soapDeviceBindingService.h>
#include <soapEventBindingService.h>
#include <soapImagingBindingService.h>
#include <soapMedia2BindingService.h>
#include <soapMediaBindingService.h>
#include <soapPTZBindingService.h>

#include <optional>
#include <string>

#include "libonvif/soap/server.h"
#include "libonvif/virtual_device.h"
#include "libonvif/virtual_device_state.h"

namespace camctl::onvif {

// Each service shares the request's context. An operation that fails leaves its fault in `fault` and returns
// SOAP_FAULT. Request pointers may be null and lack any member.

class DeviceService final : public DeviceBindingService {
 public:
  DeviceService(struct soap* context, VirtualState& state)
      : DeviceBindingService(context), state_(state), config_(state.config) {}
  DeviceBindingService* copy() override { return new DeviceService(*this); }

  int GetSystemDateAndTime(_tds__GetSystemDateAndTime*, _tds__GetSystemDateAndTimeResponse&) override;
  int GetDeviceInformation(_tds__GetDeviceInformation*, _tds__GetDeviceInformationResponse&) override;
  int GetServices(_tds__GetServices*, _tds__GetServicesResponse&) override;
  int GetCapabilities(_tds__GetCapabilities*, _tds__GetCapabilitiesResponse&) override;
  int GetScopes(_tds__GetScopes*, _tds__GetScopesResponse&) override;
  int GetHostname(_tds__GetHostname*, _tds__GetHostnameResponse&) override;
  int GetNetworkInterfaces(_tds__GetNetworkInterfaces*, _tds__GetNetworkInterfacesResponse&) override;
  int GetEndpointReference(_tds__GetEndpointReference*, _tds__GetEndpointReferenceResponse&) override;
  int SetHostname(_tds__SetHostname*, _tds__SetHostnameResponse&) override;
  int GetDNS(_tds__GetDNS*, _tds__GetDNSResponse&) override;
  int GetNTP(_tds__GetNTP*, _tds__GetNTPResponse&) override;
  int SetNTP(_tds__SetNTP*, _tds__SetNTPResponse&) override;
  int GetNetworkDefaultGateway(_tds__GetNetworkDefaultGateway*,
                               _tds__GetNetworkDefaultGatewayResponse&) override;
  int SetSystemDateAndTime(_tds__SetSystemDateAndTime*, _tds__SetSystemDateAndTimeResponse&) override;
  int GetUsers(_tds__GetUsers*, _tds__GetUsersResponse&) override;
  int SystemReboot(_tds__SystemReboot*, _tds__SystemRebootResponse&) override;

  std::optional<SoapFault> fault;

 private:
  VirtualState& state_;
  const VirtualDeviceConfig& config_;
};

class MediaService final : public MediaBindingService {
 public:
  MediaService(struct soap* context, VirtualState& state)
      : MediaBindingService(context), state_(state), config_(state.config) {}
  MediaBindingService* copy() override { return new MediaService(*this); }

  int GetProfiles(_trt__GetProfiles*, _trt__GetProfilesResponse&) override;
  int GetProfile(_trt__GetProfile*, _trt__GetProfileResponse&) override;
  int GetStreamUri(_trt__GetStreamUri*, _trt__GetStreamUriResponse&) override;
  int GetSnapshotUri(_trt__GetSnapshotUri*, _trt__GetSnapshotUriResponse&) override;
  int GetVideoSources(_trt__GetVideoSources*, _trt__GetVideoSourcesResponse&) override;
  int GetVideoEncoderConfigurations(_trt__GetVideoEncoderConfigurations*,
                                    _trt__GetVideoEncoderConfigurationsResponse&) override;
  int GetVideoEncoderConfiguration(_trt__GetVideoEncoderConfiguration*,
                                   _trt__GetVideoEncoderConfigurationResponse&) override;
  int SetVideoEncoderConfiguration(_trt__SetVideoEncoderConfiguration*,
                                   _trt__SetVideoEncoderConfigurationResponse&) override;
  int GetVideoEncoderConfigurationOptions(_trt__GetVideoEncoderConfigurationOptions*,
                                          _trt__GetVideoEncoderConfigurationOptionsResponse&) override;

  std::optional<SoapFault> fault;

 private:
  VirtualState& state_;
  const VirtualDeviceConfig& config_;
};

class Media2Service final : public Media2BindingService {
 public:
  Media2Service(struct soap* context, VirtualState& state)
      : Media2BindingService(context), state_(state), config_(state.config) {}
  Media2BindingService* copy() override { return new Media2Service(*this); }

  int GetProfiles(_tr2__GetProfiles*, _tr2__GetProfilesResponse&) override;
  int GetStreamUri(_tr2__GetStreamUri*, _tr2__GetStreamUriResponse&) override;
  int GetSnapshotUri(_tr2__GetSnapshotUri*, _tr2__GetSnapshotUriResponse&) override;
  int GetVideoEncoderConfigurations(_tr2__GetVideoEncoderConfigurations*,
                                    _tr2__GetVideoEncoderConfigurationsResponse&) override;
  int SetVideoEncoderConfiguration(_tr2__SetVideoEncoderConfiguration*,
                                   _tr2__SetVideoEncoderConfigurationResponse&) override;
  int GetVideoEncoderConfigurationOptions(_tr2__GetVideoEncoderConfigurationOptions*,
                                          _tr2__GetVideoEncoderConfigurationOptionsResponse&) override;

  std::optional<SoapFault> fault;

 private:
  VirtualState& state_;
  const VirtualDeviceConfig& config_;
};

// What WS-Addressing says of a request.
struct Addressing {
  std::optional<std::string> action, message_id, subscription;
};

class EventService final : public EventBindingService {
 public:
  // A pull that finds nothing new is to be run again at `until`, with the same deadline; what it wrote counts
  // for nothing.
  struct Wait {
    std::optional<VirtualTime> deadline, until;
  };

  EventService(struct soap* context, VirtualState& state, const Addressing& addressing,
               std::string_view target, Wait& wait)
      : EventBindingService(context),
        state_(state),
        config_(state.config),
        addressing_(addressing),
        target_(target),
        wait_(wait) {}
  EventBindingService* copy() override { return new EventService(*this); }

  int CreatePullPointSubscription(_tev__CreatePullPointSubscription*,
                                  _tev__CreatePullPointSubscriptionResponse&) override;
  int PullMessages(_tev__PullMessages*, _tev__PullMessagesResponse&) override;
  int SetSynchronizationPoint(_tev__SetSynchronizationPoint*,
                              _tev__SetSynchronizationPointResponse&) override;
  int Renew(_wsnt__Renew*, _wsnt__RenewResponse&) override;
  int Unsubscribe(_wsnt__Unsubscribe*, _wsnt__UnsubscribeResponse&) override;

  std::optional<SoapFault> fault;

 private:
  std::string time_text(VirtualTime when) const;
  void answer_addressing(const char* action);
  bool wants_addressing();
  VirtualEvents::Subscription* subscription();
  std::optional<std::chrono::milliseconds> termination(const std::optional<std::string>& asked);

  VirtualState& state_;
  const VirtualDeviceConfig& config_;
  const Addressing& addressing_;
  std::string_view target_;
  Wait& wait_;
  std::string subscription_id_;
};

class PtzService final : public PTZBindingService {
 public:
  PtzService(struct soap* context, VirtualState& state, const Addressing& addressing)
      : PTZBindingService(context), state_(state), config_(state.config), addressing_(addressing) {}
  PTZBindingService* copy() override { return new PtzService(*this); }

  int GetNodes(_tptz__GetNodes*, _tptz__GetNodesResponse&) override;
  int GetNode(_tptz__GetNode*, _tptz__GetNodeResponse&) override;
  int GetConfigurations(_tptz__GetConfigurations*, _tptz__GetConfigurationsResponse&) override;
  int GetStatus(_tptz__GetStatus*, _tptz__GetStatusResponse&) override;
  int GetPresets(_tptz__GetPresets*, _tptz__GetPresetsResponse&) override;
  int SetPreset(_tptz__SetPreset*, _tptz__SetPresetResponse&) override;
  int RemovePreset(_tptz__RemovePreset*, _tptz__RemovePresetResponse&) override;
  int GotoPreset(_tptz__GotoPreset*, _tptz__GotoPresetResponse&) override;
  int GotoHomePosition(_tptz__GotoHomePosition*, _tptz__GotoHomePositionResponse&) override;
  int SetHomePosition(_tptz__SetHomePosition*, _tptz__SetHomePositionResponse&) override;
  int ContinuousMove(_tptz__ContinuousMove*, _tptz__ContinuousMoveResponse&) override;
  int RelativeMove(_tptz__RelativeMove*, _tptz__RelativeMoveResponse&) override;
  int AbsoluteMove(_tptz__AbsoluteMove*, _tptz__AbsoluteMoveResponse&) override;
  int Stop(_tptz__Stop*, _tptz__StopResponse&) override;

  std::optional<SoapFault> fault;

 private:
  bool known(const std::optional<std::string>& profile);
  bool zooms() const { return !config_.quirks.contains(94); }
  bool refuses(bool zoom);

  VirtualState& state_;
  const VirtualDeviceConfig& config_;
  const Addressing& addressing_;
};

class ImagingService final : public ImagingBindingService {
 public:
  ImagingService(struct soap* context, VirtualState& state) : ImagingBindingService(context), state_(state) {}
  ImagingBindingService* copy() override { return new ImagingService(*this); }

  int GetImagingSettings(_timg__GetImagingSettings*, _timg__GetImagingSettingsResponse&) override;
  int SetImagingSettings(_timg__SetImagingSettings*, _timg__SetImagingSettingsResponse&) override;
  int GetOptions(_timg__GetOptions*, _timg__GetOptionsResponse&) override;

  std::optional<SoapFault> fault;

 private:
  bool known(const std::optional<std::string>& video_source);

  VirtualState& state_;
};

// Parts of replies that several services have. Null where Media 1 cannot say it (quirk 68).
tt__VideoEncoderConfiguration* virtual_video_encoder(struct soap* soap, const VirtualDeviceConfig& config,
                                                     const VirtualProfile& profile);
tt__VideoEncoder2Configuration* virtual_video_encoder2(struct soap* soap, const VirtualDeviceConfig& config,
                                                       const VirtualProfile& profile);
tt__PTZConfiguration* virtual_ptz_configuration(struct soap* soap, const VirtualDeviceConfig& config);

// The profile with this token; null with `fault` set where there is none (ONVIF Media §5.2, ter:NoProfile).
const VirtualProfile* profile_or_fault(const VirtualDeviceConfig& config,
                                       const std::optional<std::string>& token,
                                       std::optional<SoapFault>& fault);

// Whether the device shows values outside of the schema.
inline bool shows_bad_values(const VirtualDeviceConfig& config) { return config.quirks.contains(39); }

}  // namespace camctl::onvif
