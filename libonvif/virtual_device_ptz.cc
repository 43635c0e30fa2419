// The PTZ service (ONVIF PTZ §5).
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/virtual_device_bindings.h"
#include "libonvif/virtual_device_identity.h"
#include "libonvif/wsse.h"

namespace camctl::onvif {
namespace {

constexpr const char* kNode = "PTZNode_1";
// Generic spaces (PTZ §5.7).
constexpr const char* kPositionSpace = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace";
constexpr const char* kWaySpace = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationGenericSpace";
constexpr const char* kVelocitySpace = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/VelocityGenericSpace";
constexpr const char* kZoomPositionSpace = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace";
constexpr const char* kZoomWaySpace = "http://www.onvif.org/ver10/tptz/ZoomSpaces/TranslationGenericSpace";
constexpr const char* kZoomVelocitySpace = "http://www.onvif.org/ver10/tptz/ZoomSpaces/VelocityGenericSpace";

tt__FloatRange* range(struct soap* soap, const char* min, const char* max) {
  auto* result = soap_new_tt__FloatRange(soap);
  result->Min = min;
  result->Max = max;
  return result;
}

tt__Space2DDescription* plane(struct soap* soap, const char* uri) {
  auto* result = soap_new_tt__Space2DDescription(soap);
  result->URI = uri;
  result->XRange = range(soap, "-1", "1");
  result->YRange = range(soap, "-1", "1");
  return result;
}

tt__Space1DDescription* line(struct soap* soap, const char* uri, const char* min) {
  auto* result = soap_new_tt__Space1DDescription(soap);
  result->URI = uri;
  result->XRange = range(soap, min, "1");
  return result;
}

tt__PTZNode* node(struct soap* soap, bool zooms) {
  auto* result = soap_new_tt__PTZNode(soap);
  result->token = kNode;
  result->Name = "PTZ";
  auto* spaces = result->SupportedPTZSpaces = soap_new_tt__PTZSpaces(soap);
  spaces->AbsolutePanTiltPositionSpace.push_back(plane(soap, kPositionSpace));
  spaces->RelativePanTiltTranslationSpace.push_back(plane(soap, kWaySpace));
  spaces->ContinuousPanTiltVelocitySpace.push_back(plane(soap, kVelocitySpace));
  if (zooms) {
    spaces->AbsoluteZoomPositionSpace.push_back(line(soap, kZoomPositionSpace, "0"));
    spaces->RelativeZoomTranslationSpace.push_back(line(soap, kZoomWaySpace, "-1"));
    spaces->ContinuousZoomVelocitySpace.push_back(line(soap, kZoomVelocitySpace, "-1"));
  }
  result->MaximumNumberOfPresets = std::to_string(kMaxVirtualPresets);
  result->HomeSupported = "true";
  return result;
}

tt__PTZVector* vector(struct soap* soap, const VirtualPtz::Position& position, bool zooms) {
  auto* result = soap_new_tt__PTZVector(soap);
  result->PanTilt = soap_new_tt__Vector2D(soap);
  result->PanTilt->x = fmt::format("{:.4g}", position[VirtualPtz::kPan]);
  result->PanTilt->y = fmt::format("{:.4g}", position[VirtualPtz::kTilt]);
  result->PanTilt->space = kPositionSpace;
  if (zooms) {
    result->Zoom = soap_new_tt__Vector1D(soap);
    result->Zoom->x = fmt::format("{:.4g}", position[VirtualPtz::kZoom]);
    result->Zoom->space = kZoomPositionSpace;
  }
  return result;
}

using Axes = std::array<std::optional<double>, VirtualPtz::kAxes>;

// What a vector of a request names, by axis; `Vector` is tt__PTZSpeed or tt__PTZVector.
template <class Vector>
Axes axes_of(const Vector* vector) {
  Axes axes;
  if (vector && vector->PanTilt) {
    axes[VirtualPtz::kPan] = parse_position(value(vector->PanTilt->x)).value_or(0);
    axes[VirtualPtz::kTilt] = parse_position(value(vector->PanTilt->y)).value_or(0);
  }
  if (vector && vector->Zoom) axes[VirtualPtz::kZoom] = parse_position(value(vector->Zoom->x)).value_or(0);
  return axes;
}

SoapFault argument_fault(const char* code, std::string reason) {
  return {Blame::kSender, "ter:InvalidArgVal", code, std::move(reason)};
}

}  // namespace

tt__PTZConfiguration* virtual_ptz_configuration(struct soap* soap, const VirtualDeviceConfig& config) {
  auto* result = soap_new_tt__PTZConfiguration(soap);
  result->token = "PTZConfig_1";
  result->Name = "PTZ";
  result->UseCount = std::to_string(config.profiles.size());
  result->NodeToken = kNode;
  return result;
}

bool PtzService::known(const std::optional<std::string>& token) {
  return profile_or_fault(config_, token, fault) != nullptr;
}

// A camera without an axis refuses it even at velocity 0 (quirk 94).
bool PtzService::refuses(bool zoom) {
  if (!zoom || zooms()) return false;
  fault = argument_fault("ter:SpaceNotSupported", "this camera does not zoom");
  return true;
}

int PtzService::GetNodes(_tptz__GetNodes*, _tptz__GetNodesResponse& reply) {
  reply.PTZNode.push_back(node(soap, zooms()));
  return SOAP_OK;
}

int PtzService::GetNode(_tptz__GetNode* request, _tptz__GetNodeResponse& reply) {
  if (!request || request->NodeToken != kNode) {
    fault = argument_fault("ter:NoEntity", "there is no such node");
    return SOAP_FAULT;
  }
  reply.PTZNode = node(soap, zooms());
  return SOAP_OK;
}

int PtzService::GetConfigurations(_tptz__GetConfigurations*, _tptz__GetConfigurationsResponse& reply) {
  reply.PTZConfiguration.push_back(virtual_ptz_configuration(soap, config_));
  return SOAP_OK;
}

int PtzService::GetStatus(_tptz__GetStatus* request, _tptz__GetStatusResponse& reply) {
  if (!known(request ? request->ProfileToken : std::nullopt)) return SOAP_FAULT;
  const auto now = state_.now();
  auto* status = reply.PTZStatus = soap_new_tt__PTZStatus(soap);
  status->Position = vector(soap, state_.ptz.position(now), zooms());
  status->MoveStatus = soap_new_tt__PTZMoveStatus(soap);
  const bool turning = state_.ptz.moving(VirtualPtz::kPan, now) || state_.ptz.moving(VirtualPtz::kTilt, now);
  status->MoveStatus->PanTilt = turning ? "MOVING" : "IDLE";
  if (zooms()) status->MoveStatus->Zoom = state_.ptz.moving(VirtualPtz::kZoom, now) ? "MOVING" : "IDLE";
  status->UtcTime = format_created(virtual_now(config_));
  return SOAP_OK;
}

int PtzService::GetPresets(_tptz__GetPresets* request, _tptz__GetPresetsResponse& reply) {
  if (!known(request ? request->ProfileToken : std::nullopt)) return SOAP_FAULT;
  for (const auto& [token, preset] : state_.ptz.presets) {
    auto* one = soap_new_tt__PTZPreset(soap);
    one->token = token;
    one->Name = preset.name;
    one->PTZPosition = vector(soap, preset.position, zooms());
    reply.Preset.push_back(one);
  }
  return SOAP_OK;
}

int PtzService::SetPreset(_tptz__SetPreset* request, _tptz__SetPresetResponse& reply) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  auto& presets = state_.ptz.presets;
  std::string token = request->PresetToken.value_or("");
  if (!token.empty() && !presets.contains(token)) {
    fault = argument_fault("ter:NoToken", "there is no such preset");
    return SOAP_FAULT;
  }
  if (token.empty()) {
    if (presets.size() >= kMaxVirtualPresets) {
      fault = SoapFault{Blame::kReceiver, "ter:Action", "ter:TooManyPresets", "no room for another preset"};
      return SOAP_FAULT;
    }
    token = fmt::format("Preset_{}", state_.ptz.next_preset++);
  }
  auto& preset = presets[token];
  if (request->PresetName) preset.name = clean_text(*request->PresetName);
  if (preset.name.empty()) preset.name = token;
  preset.position = state_.ptz.position(state_.now());
  reply.PresetToken = token;
  return SOAP_OK;
}

int PtzService::RemovePreset(_tptz__RemovePreset* request, _tptz__RemovePresetResponse&) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  if (state_.ptz.presets.erase(request->PresetToken.value_or("")) == 1) return SOAP_OK;
  fault = argument_fault("ter:NoToken", "there is no such preset");
  return SOAP_FAULT;
}

int PtzService::GotoPreset(_tptz__GotoPreset* request, _tptz__GotoPresetResponse&) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  const auto found = state_.ptz.presets.find(request->PresetToken.value_or(""));
  if (found == state_.ptz.presets.end()) {
    fault = argument_fault("ter:NoToken", "there is no such preset");
    return SOAP_FAULT;
  }
  state_.ptz.go(found->second.position, state_.now());
  return SOAP_OK;
}

int PtzService::GotoHomePosition(_tptz__GotoHomePosition* request, _tptz__GotoHomePositionResponse&) {
  if (!known(request ? request->ProfileToken : std::nullopt)) return SOAP_FAULT;
  state_.ptz.go(state_.ptz.home, state_.now());
  return SOAP_OK;
}

int PtzService::SetHomePosition(_tptz__SetHomePosition* request, _tptz__SetHomePositionResponse&) {
  if (!known(request ? request->ProfileToken : std::nullopt)) return SOAP_FAULT;
  state_.ptz.home = state_.ptz.position(state_.now());
  return SOAP_OK;
}

int PtzService::ContinuousMove(_tptz__ContinuousMove* request, _tptz__ContinuousMoveResponse&) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  if (request->Timeout && config_.quirks.contains(93)) {
    fault = argument_fault("ter:TimeoutNotSupported", "this camera has no time-outs");
    return SOAP_FAULT;
  }
  const auto axes = axes_of(request->Velocity);
  if (refuses(axes[VirtualPtz::kZoom].has_value())) return SOAP_FAULT;
  const auto timeout = request->Timeout ? parse_duration(*request->Timeout) : std::nullopt;
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    if (axes.at(axis)) state_.ptz.move(axis, *axes.at(axis), state_.now(), timeout);
  return SOAP_OK;
}

int PtzService::RelativeMove(_tptz__RelativeMove* request, _tptz__RelativeMoveResponse&) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  const auto axes = axes_of(request->Translation);
  if (refuses(axes[VirtualPtz::kZoom].has_value())) return SOAP_FAULT;
  const auto now = state_.now();
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    if (axes.at(axis)) state_.ptz.go(axis, state_.ptz.position(axis, now) + *axes.at(axis), now);
  return SOAP_OK;
}

int PtzService::AbsoluteMove(_tptz__AbsoluteMove* request, _tptz__AbsoluteMoveResponse&) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  const auto axes = axes_of(request->Position);
  if (refuses(axes[VirtualPtz::kZoom].has_value())) return SOAP_FAULT;
  for (std::size_t axis = 0; axis < axes.size(); ++axis)
    if (axes.at(axis)) state_.ptz.go(axis, *axes.at(axis), state_.now());
  return SOAP_OK;
}

int PtzService::Stop(_tptz__Stop* request, _tptz__StopResponse&) {
  if (!request || !known(request->ProfileToken)) return SOAP_FAULT;
  const bool addressed = addressing_.action.has_value();
  if (config_.quirks.contains(93) || (config_.quirks.contains(91) && addressed)) {
    fault = SoapFault{Blame::kReceiver, "ter:Action", {}, "the camera does not stop this way"};
    return SOAP_FAULT;
  }
  const auto wanted = [](const std::optional<std::string>& flag) {
    return parse_bool(value(flag)).value_or(true);  // PTZ §5.3.4: what is not named stops as well
  };
  if (wanted(request->PanTilt)) {
    state_.ptz.stop(VirtualPtz::kPan, state_.now());
    state_.ptz.stop(VirtualPtz::kTilt, state_.now());
  }
  if (wanted(request->Zoom)) state_.ptz.stop(VirtualPtz::kZoom, state_.now());
  return SOAP_OK;
}

}  // namespace camctl::onvif
