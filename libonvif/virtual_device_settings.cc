// What can be set on a virtual device: its encoders (ONVIF Media §5.2, Media2 §5.3) and its sensor (Imaging
// §5).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/virtual_device_bindings.h"

namespace camctl::onvif {
namespace {

struct Size {
  std::uint16_t width, height;
};
constexpr std::array<Size, 4> kSizes{{{1920, 1080}, {1280, 720}, {640, 360}, {320, 180}}};
constexpr unsigned kMaxFps = 30, kMaxGop = 250, kMinBitrate = 64, kMaxBitrate = 16'384;

std::string encoder_token(const VirtualProfile& profile) {
  return fmt::format("VideoEncoder_{}", profile.token);
}

// The offered size that is nearest to what was asked for.
Size nearest_size(unsigned width, unsigned height) {
  const auto distance = [&](const Size& size) {
    return std::abs(static_cast<long>(size.width) - static_cast<long>(width)) +
           std::abs(static_cast<long>(size.height) - static_cast<long>(height));
  };
  return *std::min_element(kSizes.begin(), kSizes.end(),
                           [&](const Size& a, const Size& b) { return distance(a) < distance(b); });
}

template <class Range>
Range* range(Range* result, double min, double max) {
  result->Min = fmt::format("{:g}", min);
  result->Max = fmt::format("{:g}", max);
  return result;
}

// What the request names is taken, within what the encoder can do; a real one clamps as well.
template <class Configuration>
void take_encoder(VirtualProfile& profile, const Configuration& wanted) {
  if (wanted.Resolution) {
    const auto size = nearest_size(parse_count(value(wanted.Resolution->Width)).value_or(profile.width),
                                   parse_count(value(wanted.Resolution->Height)).value_or(profile.height));
    profile.width = size.width;
    profile.height = size.height;
  }
  if (!wanted.RateControl) return;
  if (const auto fps = parse_count(value(wanted.RateControl->FrameRateLimit)))
    profile.fps = std::clamp(*fps, 1u, kMaxFps);
  if (const auto rate = parse_count(value(wanted.RateControl->BitrateLimit)))
    profile.bitrate_kbps = std::clamp(*rate, kMinBitrate, kMaxBitrate);
}

void take_gop(VirtualProfile& profile, const std::optional<std::string>& wanted) {
  if (const auto gop = parse_count(value(wanted))) profile.gop = std::clamp(*gop, 1u, kMaxGop);
}

template <class H264>
void describe_h264(struct soap* soap, H264* options) {
  for (const auto& size : kSizes) {
    auto* one = soap_new_tt__VideoResolution(soap);
    one->Width = std::to_string(size.width);
    one->Height = std::to_string(size.height);
    options->ResolutionsAvailable.push_back(one);
  }
  options->GovLengthRange = range(soap_new_tt__IntRange(soap), 1, kMaxGop);
  options->FrameRateRange = range(soap_new_tt__IntRange(soap), 1, kMaxFps);
  options->EncodingIntervalRange = range(soap_new_tt__IntRange(soap), 1, 1);
  options->H264ProfilesSupported.emplace_back("Main");
}

constexpr double kImagingMax = 100;

std::string level(double value) { return fmt::format("{:g}", value); }

}  // namespace

VirtualProfile* VirtualState::encoder(const std::optional<std::string>& token) {
  for (auto& profile : config.profiles)
    if (token == encoder_token(profile)) return &profile;
  return nullptr;
}

SoapFault no_encoder() {
  return {Blame::kSender, "ter:InvalidArgVal", "ter:NoConfig", "there is no such configuration"};
}

namespace {

// The encoder that a request's configuration is about; `fault` says that there is none.
template <class Configuration>
VirtualProfile* encoder_or_fault(VirtualState& state, const Configuration* wanted,
                                 std::optional<SoapFault>& fault) {
  auto* profile = state.encoder(wanted ? wanted->token : std::nullopt);
  if (!profile) fault = no_encoder();
  return profile;
}

}  // namespace

// ---- Media 1

int MediaService::GetVideoEncoderConfigurations(_trt__GetVideoEncoderConfigurations*,
                                                _trt__GetVideoEncoderConfigurationsResponse& reply) {
  for (const auto& profile : config_.profiles)
    if (auto* encoder = virtual_video_encoder(soap, config_, profile))
      reply.Configurations.push_back(encoder);
  return SOAP_OK;
}

int MediaService::GetVideoEncoderConfiguration(_trt__GetVideoEncoderConfiguration* request,
                                               _trt__GetVideoEncoderConfigurationResponse& reply) {
  const auto* profile = state_.encoder(request ? request->ConfigurationToken : std::nullopt);
  if (profile) reply.Configuration = virtual_video_encoder(soap, config_, *profile);
  if (reply.Configuration) return SOAP_OK;
  fault = no_encoder();
  return SOAP_FAULT;
}

int MediaService::SetVideoEncoderConfiguration(_trt__SetVideoEncoderConfiguration* request,
                                               _trt__SetVideoEncoderConfigurationResponse&) {
  const auto* wanted = request ? request->Configuration : nullptr;
  auto* profile = encoder_or_fault(state_, wanted, fault);
  if (!profile) return SOAP_FAULT;
  take_encoder(*profile, *wanted);
  if (wanted->H264) take_gop(*profile, wanted->H264->GovLength);
  return SOAP_OK;
}

int MediaService::GetVideoEncoderConfigurationOptions(
    _trt__GetVideoEncoderConfigurationOptions*, _trt__GetVideoEncoderConfigurationOptionsResponse& reply) {
  auto* options = reply.Options = soap_new_tt__VideoEncoderConfigurationOptions(soap);
  options->QualityRange = range(soap_new_tt__IntRange(soap), 1, 6);
  describe_h264(soap, options->H264 = soap_new_tt__H264Options(soap));
  options->Extension = soap_new_tt__VideoEncoderOptionsExtension(soap);
  auto* extended = options->Extension->H264 = soap_new_tt__H264Options2(soap);
  describe_h264(soap, extended);
  extended->BitrateRange = range(soap_new_tt__IntRange(soap), kMinBitrate, kMaxBitrate);
  return SOAP_OK;
}

// ---- Media 2

int Media2Service::GetVideoEncoderConfigurations(_tr2__GetVideoEncoderConfigurations* request,
                                                 _tr2__GetVideoEncoderConfigurationsResponse& reply) {
  const auto token = request ? request->ConfigurationToken : std::nullopt;
  const auto of_profile = request ? request->ProfileToken : std::nullopt;
  for (const auto& profile : config_.profiles)
    if ((!token || *token == encoder_token(profile)) && (!of_profile || *of_profile == profile.token))
      reply.Configurations.push_back(virtual_video_encoder2(soap, config_, profile));
  if (!token || !reply.Configurations.empty()) return SOAP_OK;
  fault = no_encoder();
  return SOAP_FAULT;
}

int Media2Service::SetVideoEncoderConfiguration(_tr2__SetVideoEncoderConfiguration* request,
                                                _tr2__SetVideoEncoderConfigurationResponse&) {
  const auto* wanted = request ? request->Configuration : nullptr;
  auto* profile = encoder_or_fault(state_, wanted, fault);
  if (!profile) return SOAP_FAULT;
  take_encoder(*profile, *wanted);
  take_gop(*profile, wanted->GovLength);
  return SOAP_OK;
}

int Media2Service::GetVideoEncoderConfigurationOptions(
    _tr2__GetVideoEncoderConfigurationOptions*, _tr2__GetVideoEncoderConfigurationOptionsResponse& reply) {
  auto* options = soap_new_tt__VideoEncoder2ConfigurationOptions(soap);
  options->Encoding =
      config_.profiles.empty() || config_.profiles.front().video != media::Codec::kH265 ? "H264" : "H265";
  options->QualityRange = range(soap_new_tt__FloatRange(soap), 1, 6);
  for (const auto& size : kSizes) {
    auto* one = soap_new_tt__VideoResolution2(soap);
    one->Width = std::to_string(size.width);
    one->Height = std::to_string(size.height);
    options->ResolutionsAvailable.push_back(one);
  }
  options->BitrateRange = range(soap_new_tt__IntRange(soap), kMinBitrate, kMaxBitrate);
  options->GovLengthRange = fmt::format("1 {}", kMaxGop);
  options->FrameRatesSupported = "30 25 20 15 12 10 5 1";
  options->ProfilesSupported = "Main";
  reply.Options.push_back(options);
  return SOAP_OK;
}

// ---- Imaging

bool ImagingService::known(const std::optional<std::string>& token) {
  const auto& profiles = state_.config.profiles;
  if (std::ranges::any_of(profiles, [&](const auto& profile) { return token == profile.source; }))
    return true;
  fault = SoapFault{Blame::kSender, "ter:InvalidArgVal", "ter:NoSource", "there is no such video source"};
  return false;
}

int ImagingService::GetImagingSettings(_timg__GetImagingSettings* request,
                                       _timg__GetImagingSettingsResponse& reply) {
  if (!known(request ? request->VideoSourceToken : std::nullopt)) return SOAP_FAULT;
  auto* settings = reply.ImagingSettings = soap_new_tt__ImagingSettings20(soap);
  settings->Brightness = level(state_.imaging.brightness);
  settings->ColorSaturation = level(state_.imaging.saturation);
  settings->Contrast = level(state_.imaging.contrast);
  settings->IrCutFilter = state_.imaging.ir_cut_filter;
  settings->Sharpness = level(state_.imaging.sharpness);
  return SOAP_OK;
}

int ImagingService::SetImagingSettings(_timg__SetImagingSettings* request,
                                       _timg__SetImagingSettingsResponse&) {
  if (!known(request ? request->VideoSourceToken : std::nullopt)) return SOAP_FAULT;
  const auto* wanted = request->ImagingSettings;
  if (!wanted) return SOAP_OK;
  VirtualImaging next = state_.imaging;
  bool fine = true;
  const auto take = [&](double& to, const std::optional<std::string>& text) {
    if (!text) return;
    const auto number = parse_number(*text);
    fine = fine && number && *number <= kImagingMax;
    if (number) to = *number;
  };
  take(next.brightness, wanted->Brightness);
  take(next.saturation, wanted->ColorSaturation);
  take(next.contrast, wanted->Contrast);
  take(next.sharpness, wanted->Sharpness);
  if (wanted->IrCutFilter) {
    next.ir_cut_filter = *wanted->IrCutFilter;
    fine =
        fine && (next.ir_cut_filter == "ON" || next.ir_cut_filter == "OFF" || next.ir_cut_filter == "AUTO");
  }
  if (!fine) {
    fault = SoapFault{Blame::kSender, "ter:InvalidArgVal", "ter:SettingsInvalid",
                      "a setting is out of its range"};
    return SOAP_FAULT;
  }
  state_.imaging = std::move(next);
  return SOAP_OK;
}

int ImagingService::GetOptions(_timg__GetOptions* request, _timg__GetOptionsResponse& reply) {
  if (!known(request ? request->VideoSourceToken : std::nullopt)) return SOAP_FAULT;
  auto* options = reply.ImagingOptions = soap_new_tt__ImagingOptions20(soap);
  for (const auto member : {&tt__ImagingOptions20::Brightness, &tt__ImagingOptions20::ColorSaturation,
                            &tt__ImagingOptions20::Contrast, &tt__ImagingOptions20::Sharpness})
    options->*member = range(soap_new_tt__FloatRange(soap), 0, kImagingMax);
  options->IrCutFilterModes = {"ON", "OFF", "AUTO"};
  return SOAP_OK;
}

}  // namespace camctl::onvif
