#include "libonvif/ptz_messages.h"

#include <fmt/format.h>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/soap/request_writer.h"

namespace camctl::onvif {
namespace {

// A vector as gSOAP's parts; `Vector` is tt__PTZSpeed or tt__PTZVector.
template <class Vector>
struct Parts {
  explicit Parts(const PtzVector& from) {
    if (from.pan || from.tilt) {
      pan_tilt.x = fmt::format("{:g}", from.pan.value_or(0));
      pan_tilt.y = fmt::format("{:g}", from.tilt.value_or(0));
      vector.PanTilt = &pan_tilt;
    }
    if (from.zoom) {
      zoom.x = fmt::format("{:g}", *from.zoom);
      vector.Zoom = &zoom;
    }
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  tt__Vector2D pan_tilt;
  tt__Vector1D zoom;
  Vector vector;
};

std::optional<double> number(const std::optional<std::string>& text) { return parse_position(value(text)); }

PtzVector vector_of(const tt__PTZVector* reported) {
  PtzVector vector;
  if (!reported) return vector;
  if (reported->PanTilt) {
    vector.pan = number(reported->PanTilt->x);
    vector.tilt = number(reported->PanTilt->y);
  }
  if (reported->Zoom) vector.zoom = number(reported->Zoom->x);
  return vector;
}

// "MOVING", "IDLE", "UNKNOWN" of both axes.
std::optional<bool> moving(const tt__PTZMoveStatus* status) {
  if (!status) return std::nullopt;
  const auto axis = [](const std::optional<std::string>& text) {
    return text::lower(text::trim(value(text)));
  };
  const std::string pan_tilt = axis(status->PanTilt), zoom = axis(status->Zoom);
  if (pan_tilt == "moving" || zoom == "moving") return true;
  if (pan_tilt == "idle" || zoom == "idle") return false;
  return std::nullopt;
}

}  // namespace

Request continuous_move(std::string_view profile, const PtzVector& velocity) {
  SoapContext context;
  Parts<tt__PTZSpeed> parts(velocity);
  _tptz__ContinuousMove body;
  body.ProfileToken = std::string(profile);
  body.Velocity = &parts.vector;
  return {"http://www.onvif.org/ver20/ptz/wsdl/ContinuousMove",
          write_body(context, body, "tptz:ContinuousMove")};
}

Request relative_move(std::string_view profile, const PtzVector& way) {
  SoapContext context;
  Parts<tt__PTZVector> parts(way);
  _tptz__RelativeMove body;
  body.ProfileToken = std::string(profile);
  body.Translation = &parts.vector;
  return {"http://www.onvif.org/ver20/ptz/wsdl/RelativeMove", write_body(context, body, "tptz:RelativeMove")};
}

Request absolute_move(std::string_view profile, const PtzVector& position) {
  SoapContext context;
  Parts<tt__PTZVector> parts(position);
  _tptz__AbsoluteMove body;
  body.ProfileToken = std::string(profile);
  body.Position = &parts.vector;
  return {"http://www.onvif.org/ver20/ptz/wsdl/AbsoluteMove", write_body(context, body, "tptz:AbsoluteMove")};
}

Request stop_move(std::string_view profile, const PtzVector& axes) {
  SoapContext context;
  _tptz__Stop body;
  body.ProfileToken = std::string(profile);
  if (axes.pan || axes.tilt || axes.empty()) body.PanTilt = "true";
  if (axes.zoom || axes.empty()) body.Zoom = "true";
  return {"http://www.onvif.org/ver20/ptz/wsdl/Stop", write_body(context, body, "tptz:Stop")};
}

Request goto_home_position(std::string_view profile) {
  return {"http://www.onvif.org/ver20/ptz/wsdl/GotoHomePosition",
          write_profile_body<_tptz__GotoHomePosition>(profile, "tptz:GotoHomePosition")};
}

Request get_presets(std::string_view profile) {
  return {"http://www.onvif.org/ver20/ptz/wsdl/GetPresets",
          write_profile_body<_tptz__GetPresets>(profile, "tptz:GetPresets")};
}

Request goto_preset(std::string_view profile, std::string_view preset) {
  SoapContext context;
  _tptz__GotoPreset body;
  body.ProfileToken = std::string(profile);
  body.PresetToken = std::string(preset);
  return {"http://www.onvif.org/ver20/ptz/wsdl/GotoPreset", write_body(context, body, "tptz:GotoPreset")};
}

Request set_preset(std::string_view profile, std::string_view name, std::string_view preset) {
  SoapContext context;
  _tptz__SetPreset body;
  body.ProfileToken = std::string(profile);
  body.PresetName = std::string(name);
  if (!preset.empty()) body.PresetToken = std::string(preset);
  return {"http://www.onvif.org/ver20/ptz/wsdl/SetPreset", write_body(context, body, "tptz:SetPreset")};
}

Request remove_preset(std::string_view profile, std::string_view preset) {
  SoapContext context;
  _tptz__RemovePreset body;
  body.ProfileToken = std::string(profile);
  body.PresetToken = std::string(preset);
  return {"http://www.onvif.org/ver20/ptz/wsdl/RemovePreset", write_body(context, body, "tptz:RemovePreset")};
}

Request get_ptz_status(std::string_view profile) {
  return {"http://www.onvif.org/ver20/ptz/wsdl/GetStatus",
          write_profile_body<_tptz__GetStatus>(profile, "tptz:GetStatus")};
}

Result<std::vector<PtzPreset>> read_presets(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tptz__GetPresetsResponse& r) -> std::optional<std::vector<PtzPreset>> {
    std::vector<PtzPreset> presets;
    for (const auto* preset : r.Preset)
      if (preset && preset->token && presets.size() < kMaxPresets)
        presets.push_back(
            {token_of(preset->token), clean_text(value(preset->Name)), vector_of(preset->PTZPosition)});
    return presets;
  };
  // A preset without a name may have it in a wrong namespace.
  const auto nameless = [](const std::vector<PtzPreset>& presets) {
    std::size_t count = 0;
    for (const auto& preset : presets) count += preset.name.empty() ? 1 : 0;
    return count;
  };
  return read_reply<_tptz__GetPresetsResponse>(reply, {"tptz", "GetPresetsResponse"}, quirks, convert,
                                               nameless);
}

Result<std::string> read_set_preset(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tptz__SetPresetResponse& r) -> std::optional<std::string> {
    return token_of(r.PresetToken);
  };
  return read_reply<_tptz__SetPresetResponse>(reply, {"tptz", "SetPresetResponse"}, quirks, convert);
}

Result<PtzStatus> read_ptz_status(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tptz__GetStatusResponse& r) -> std::optional<PtzStatus> {
    if (!r.PTZStatus) return std::nullopt;
    return PtzStatus{vector_of(r.PTZStatus->Position), moving(r.PTZStatus->MoveStatus)};
  };
  return read_reply<_tptz__GetStatusResponse>(
      reply, {"tptz", "GetStatusResponse"}, quirks, convert,
      [](const PtzStatus& status) { return status.position.empty() ? 1u : 0u; });
}

}  // namespace camctl::onvif
