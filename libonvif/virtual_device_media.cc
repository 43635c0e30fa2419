// The media services, version 1 (ONVIF Media §5) and 2 (ONVIF Media2 §5).
#include <fmt/format.h>

#include <algorithm>

#include "libonvif/virtual_device_bindings.h"
#include "libonvif/virtual_device_identity.h"

namespace camctl::onvif {
namespace {

constexpr const char* kAudioSource = "AudioSource_1";
constexpr const char* kSessionTimeout = "PT60S";

std::string number(unsigned value) { return std::to_string(value); }

// tt:VideoEncoding of Media 1 and the encoding names of Media 2.
const char* video_encoding(media::Codec codec) {
  return codec == media::Codec::kH265 ? "H265" : codec == media::Codec::kMjpeg ? "JPEG" : "H264";
}

// Media 1 says G711, Media 2 has the names of IANA's media types.
const char* audio_encoding(media::Codec codec, bool media2, bool bad_values) {
  if (codec == media::Codec::kAac) return media2 ? "MP4A-LATM" : "AAC";
  if (bad_values) return "g711a";
  if (!media2) return "G711";
  return codec == media::Codec::kPcma ? "PCMA" : "PCMU";
}

tt__MulticastConfiguration* no_multicast(struct soap* soap) {
  auto* result = soap_new_tt__MulticastConfiguration(soap);
  result->Address = soap_new_tt__IPAddress(soap);
  result->Address->Type = "IPv4";
  result->Address->IPv4Address = "0.0.0.0";
  result->Port = "0";
  result->TTL = "1";
  result->AutoStart = "false";
  return result;
}

tt__VideoSourceConfiguration* video_source(struct soap* soap, const VirtualDeviceConfig& config,
                                           const VirtualProfile& profile) {
  auto* result = soap_new_tt__VideoSourceConfiguration(soap);
  const auto& main = config.profiles.front();  // the sensor is as large as its main stream
  result->token = fmt::format("Config_{}", profile.source);
  result->Name = "VideoSourceConfig";
  result->UseCount = shows_bad_values(config) ? "" : number(static_cast<unsigned>(config.profiles.size()));
  result->SourceToken = profile.source;
  auto* bounds = result->Bounds = soap_new_tt__IntRectangle(soap);
  bounds->x = bounds->y = "0";
  bounds->width = number(main.width);
  bounds->height = number(main.height);
  return result;
}

tt__AudioSourceConfiguration* audio_source(struct soap* soap, const VirtualDeviceConfig& config) {
  auto* result = soap_new_tt__AudioSourceConfiguration(soap);
  result->token = "AudioSourceConfig_1";
  result->Name = "AudioSourceConfig";
  result->UseCount = number(static_cast<unsigned>(config.profiles.size()));
  result->SourceToken = kAudioSource;
  return result;
}

tt__AudioEncoderConfiguration* audio_encoder(struct soap* soap, const VirtualDeviceConfig& config,
                                             const VirtualProfile& profile) {
  auto* result = soap_new_tt__AudioEncoderConfiguration(soap);
  result->token = fmt::format("AudioEncoder_{}", profile.token);
  result->Name = fmt::format("AudioEncoder {}", profile.name);
  result->UseCount = "1";
  result->Encoding = audio_encoding(profile.audio, false, shows_bad_values(config));
  result->Bitrate = number(profile.audio_bitrate_kbps);
  result->SampleRate = number(profile.audio_sample_rate / 1000);  // in kHz
  result->Multicast = no_multicast(soap);
  result->SessionTimeout = kSessionTimeout;
  return result;
}

tt__AudioEncoder2Configuration* audio_encoder2(struct soap* soap, const VirtualDeviceConfig& config,
                                               const VirtualProfile& profile) {
  auto* result = soap_new_tt__AudioEncoder2Configuration(soap);
  result->token = fmt::format("AudioEncoder_{}", profile.token);
  result->Name = fmt::format("AudioEncoder {}", profile.name);
  result->UseCount = "1";
  result->Encoding = audio_encoding(profile.audio, true, shows_bad_values(config));
  result->Bitrate = number(profile.audio_bitrate_kbps);
  result->SampleRate = number(profile.audio_sample_rate / 1000);
  return result;
}

}  // namespace

// Media 1 knows no H.265: such a profile comes without its encoder (quirk 68).
tt__VideoEncoderConfiguration* virtual_video_encoder(struct soap* soap, const VirtualDeviceConfig& config,
                                                     const VirtualProfile& profile) {
  const bool hidden = profile.video == media::Codec::kH265 || config.quirks.contains(68);
  if (hidden && !shows_bad_values(config)) return nullptr;
  const bool bad = shows_bad_values(config);
  auto* result = soap_new_tt__VideoEncoderConfiguration(soap);
  result->token = fmt::format("VideoEncoder_{}", profile.token);
  result->Name = fmt::format("VideoEncoder {}", profile.name);
  result->UseCount = bad ? "" : "1";
  result->Encoding = video_encoding(profile.video);
  result->Resolution = soap_new_tt__VideoResolution(soap);
  result->Resolution->Width = bad ? fmt::format(" {} ", profile.width) : number(profile.width);
  result->Resolution->Height = number(profile.height);
  result->Quality = bad ? "NaN" : "4";
  result->RateControl = soap_new_tt__VideoRateControl(soap);
  result->RateControl->FrameRateLimit = fmt::format("{}{}", profile.fps, bad ? ".0" : "");
  result->RateControl->EncodingInterval = bad ? "" : "1";
  result->RateControl->BitrateLimit = number(profile.bitrate_kbps);
  if (profile.video == media::Codec::kH264) {
    result->H264 = soap_new_tt__H264Configuration(soap);
    result->H264->GovLength = number(profile.gop);
    result->H264->H264Profile = bad ? "main" : "Main";
  }
  if (!bad) result->Multicast = no_multicast(soap);
  result->SessionTimeout = bad ? "" : kSessionTimeout;
  return result;
}

tt__VideoEncoder2Configuration* virtual_video_encoder2(struct soap* soap, const VirtualDeviceConfig& config,
                                                       const VirtualProfile& profile) {
  const bool bad = shows_bad_values(config);
  auto* result = soap_new_tt__VideoEncoder2Configuration(soap);
  result->token = fmt::format("VideoEncoder_{}", profile.token);
  result->GovLength = number(profile.gop);
  result->Profile = "Main";
  result->Name = fmt::format("VideoEncoder {}", profile.name);
  result->UseCount = bad ? "" : "1";
  result->Encoding = video_encoding(profile.video);
  result->Resolution = soap_new_tt__VideoResolution2(soap);
  result->Resolution->Width = number(profile.width);
  result->Resolution->Height = number(profile.height);
  result->RateControl = soap_new_tt__VideoRateControl2(soap);
  result->RateControl->FrameRateLimit = number(profile.fps);
  result->RateControl->BitrateLimit = number(profile.bitrate_kbps);
  result->Quality = bad ? "NaN" : "4";
  return result;
}

namespace {

std::string shown_name(const VirtualDeviceConfig& config, const VirtualProfile& profile) {
  return config.quirks.contains(84) ? std::string() : profile.name;
}

bool has_audio(const VirtualProfile& profile) { return profile.audio != media::Codec::kUnknown; }

tt__Profile* describe(struct soap* soap, const VirtualDeviceConfig& config, const VirtualProfile& profile) {
  auto* result = soap_new_tt__Profile(soap);
  result->token = profile.token;
  result->fixed = "true";
  result->Name = shown_name(config, profile);
  result->VideoSourceConfiguration = video_source(soap, config, profile);
  result->VideoEncoderConfiguration = virtual_video_encoder(soap, config, profile);
  if (has_audio(profile)) {
    result->AudioSourceConfiguration = audio_source(soap, config);
    result->AudioEncoderConfiguration = audio_encoder(soap, config, profile);
  }
  if (config.ptz) result->PTZConfiguration = virtual_ptz_configuration(soap, config);
  return result;
}

// Configurations only of the types that were asked for (Media2 §5.2.1: none where none is named).
tr2__MediaProfile* describe2(struct soap* soap, const VirtualDeviceConfig& config,
                             const VirtualProfile& profile, const std::vector<std::string>& types) {
  const auto wanted = [&](std::string_view type) {
    return std::any_of(types.begin(), types.end(),
                       [&](const std::string& one) { return one == "All" || one == type; });
  };
  auto* result = soap_new_tr2__MediaProfile(soap);
  result->token = profile.token;
  result->fixed = "true";
  result->Name = shown_name(config, profile);
  if (types.empty()) return result;
  auto* set = result->Configurations = soap_new_tr2__ConfigurationSet(soap);
  if (wanted("VideoSource")) {
    set->VideoSource = video_source(soap, config, profile);
    if (config.quirks.contains(72)) set->VideoSource->SourceToken = profile.name;
  }
  if (wanted("VideoEncoder")) set->VideoEncoder = virtual_video_encoder2(soap, config, profile);
  if (has_audio(profile) && wanted("AudioSource")) set->AudioSource = audio_source(soap, config);
  if (has_audio(profile) && wanted("AudioEncoder")) set->AudioEncoder = audio_encoder2(soap, config, profile);
  if (config.ptz && wanted("PTZ")) set->PTZ = virtual_ptz_configuration(soap, config);
  return result;
}

tt__MediaUri* media_uri(struct soap* soap, const VirtualDeviceConfig& config, std::string uri) {
  auto* result = soap_new_tt__MediaUri(soap);
  result->Uri = std::move(uri);
  result->InvalidAfterConnect = shows_bad_values(config) ? "False" : "false";
  result->InvalidAfterReboot = "false";
  result->Timeout = shows_bad_values(config) ? "" : "PT0S";
  return result;
}

}  // namespace

const VirtualProfile* profile_or_fault(const VirtualDeviceConfig& config,
                                       const std::optional<std::string>& token,
                                       std::optional<SoapFault>& fault) {
  for (const auto& profile : config.profiles)
    if (token == profile.token) return &profile;
  fault = SoapFault{Blame::kSender, "ter:InvalidArgVal", "ter:NoProfile", "there is no such profile"};
  return nullptr;
}

namespace {

// The same where the profile has a stream; quirk 75 takes it from the last one.
const VirtualProfile* stream_or_fault(const VirtualDeviceConfig& config,
                                      const std::optional<std::string>& token,
                                      std::optional<SoapFault>& fault) {
  const auto* profile = profile_or_fault(config, token, fault);
  if (!profile || !config.quirks.contains(75) || profile != &config.profiles.back()) return profile;
  fault = SoapFault{Blame::kReceiver, "ter:Action", "ter:IncompleteConfiguration",
                    "the profile lacks an encoder"};
  return nullptr;
}

}  // namespace

int MediaService::GetProfiles(_trt__GetProfiles*, _trt__GetProfilesResponse& reply) {
  for (const auto& profile : config_.profiles) reply.Profiles.push_back(describe(soap, config_, profile));
  return SOAP_OK;
}

int MediaService::GetProfile(_trt__GetProfile* request, _trt__GetProfileResponse& reply) {
  const auto* profile = profile_or_fault(config_, request ? request->ProfileToken : std::nullopt, fault);
  if (!profile) return SOAP_FAULT;
  reply.Profile = describe(soap, config_, *profile);
  return SOAP_OK;
}

int MediaService::GetStreamUri(_trt__GetStreamUri* request, _trt__GetStreamUriResponse& reply) {
  const auto* profile = stream_or_fault(config_, request ? request->ProfileToken : std::nullopt, fault);
  if (!profile) return SOAP_FAULT;
  reply.MediaUri = media_uri(soap, config_, virtual_rtsp_url(config_, *profile));
  return SOAP_OK;
}

int MediaService::GetSnapshotUri(_trt__GetSnapshotUri* request, _trt__GetSnapshotUriResponse& reply) {
  const auto* profile = profile_or_fault(config_, request ? request->ProfileToken : std::nullopt, fault);
  if (!profile) return SOAP_FAULT;
  reply.MediaUri = media_uri(soap, config_, virtual_snapshot_url(config_, *profile));
  return SOAP_OK;
}

int MediaService::GetVideoSources(_trt__GetVideoSources*, _trt__GetVideoSourcesResponse& reply) {
  for (const auto& profile : config_.profiles) {
    const auto known = [&](const tt__VideoSource* other) { return other->token == profile.source; };
    if (std::ranges::any_of(reply.VideoSources, known)) continue;
    auto* source = soap_new_tt__VideoSource(soap);
    source->token = profile.source;
    source->Framerate = number(profile.fps);
    source->Resolution = soap_new_tt__VideoResolution(soap);
    source->Resolution->Width = number(profile.width);
    source->Resolution->Height = number(profile.height);
    reply.VideoSources.push_back(source);
  }
  return SOAP_OK;
}

int Media2Service::GetProfiles(_tr2__GetProfiles* request, _tr2__GetProfilesResponse& reply) {
  const auto types = request ? request->Type : std::vector<std::string>{};
  if (request && request->Token) {
    const auto* profile = profile_or_fault(config_, request->Token, fault);
    if (!profile) return SOAP_FAULT;
    reply.Profiles.push_back(describe2(soap, config_, *profile, types));
    return SOAP_OK;
  }
  for (const auto& profile : config_.profiles)
    reply.Profiles.push_back(describe2(soap, config_, profile, types));
  return SOAP_OK;
}

int Media2Service::GetStreamUri(_tr2__GetStreamUri* request, _tr2__GetStreamUriResponse& reply) {
  const auto* profile = stream_or_fault(config_, request ? request->ProfileToken : std::nullopt, fault);
  if (!profile) return SOAP_FAULT;
  reply.Uri = virtual_rtsp_url(config_, *profile);
  return SOAP_OK;
}

int Media2Service::GetSnapshotUri(_tr2__GetSnapshotUri* request, _tr2__GetSnapshotUriResponse& reply) {
  const auto* profile = profile_or_fault(config_, request ? request->ProfileToken : std::nullopt, fault);
  if (!profile) return SOAP_FAULT;
  reply.Uri = virtual_snapshot_url(config_, *profile);
  return SOAP_OK;
}

}  // namespace camctl::onvif
