#include <algorithm>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/messages.h"
#include "libonvif/soap/reply_reader.h"

namespace camctl::onvif {
namespace {

unsigned count_of(const std::optional<std::string>& text) { return parse_count(value(text)).value_or(0); }

template <class Resolution>
void take_resolution(const Resolution* resolution, MediaProfile& profile) {
  if (!resolution) return;
  profile.width = count_of(resolution->Width);
  profile.height = count_of(resolution->Height);
}

template <class RateControl>
void take_rates(const RateControl* control, MediaProfile& profile) {
  if (!control) return;
  profile.fps = parse_number(value(control->FrameRateLimit)).value_or(0);
  profile.bitrate_kbps = count_of(control->BitrateLimit);
  // Axis writes INT32_MAX for "no limit"; nothing near it is a setting.
  constexpr unsigned kMaxBitrate = 1'000'000;
  constexpr double kMaxFps = 1000;
  if (profile.bitrate_kbps > kMaxBitrate) profile.bitrate_kbps = 0;
  if (profile.fps > kMaxFps) profile.fps = 0;
}

void take_video(const tt__VideoEncoderConfiguration* video, MediaProfile& profile) {
  if (!video) return;
  profile.has_video = true;
  profile.encoder_token = token_of(video->token);
  profile.video_codec = codec_name(clean_text(value(video->Encoding)));
  take_resolution(video->Resolution, profile);
  take_rates(video->RateControl, profile);
  if (video->H264) profile.gop = count_of(video->H264->GovLength);
  if (video->MPEG4 && profile.video_codec == "mpeg4") profile.gop = count_of(video->MPEG4->GovLength);
}

void take_video(const tt__VideoEncoder2Configuration* video, MediaProfile& profile) {
  if (!video) return;
  profile.has_video = true;
  profile.encoder_token = token_of(video->token);
  profile.video_codec = codec_name(clean_text(value(video->Encoding)));
  take_resolution(video->Resolution, profile);
  take_rates(video->RateControl, profile);
  profile.gop = count_of(video->GovLength);
}

template <class AudioEncoder>
void take_audio(const AudioEncoder* audio, MediaProfile& profile) {
  if (!audio) return;
  profile.has_audio = true;
  profile.audio_codec = codec_name(clean_text(value(audio->Encoding)));
  // kHz by the standard, Hz in the field.
  constexpr unsigned kHighestKiloHertz = 192;
  const unsigned rate = count_of(audio->SampleRate);
  profile.audio_sample_rate = rate <= kHighestKiloHertz ? rate * 1000 : rate;
}

MediaProfile profile_of(const tt__Profile& reported) {
  MediaProfile profile;
  profile.token = token_of(reported.token);
  profile.name = clean_text(value(reported.Name));
  if (const auto* source = reported.VideoSourceConfiguration)
    profile.source_token = token_of(source->SourceToken);
  profile.ptz = reported.PTZConfiguration != nullptr;
  take_video(reported.VideoEncoderConfiguration, profile);
  take_audio(reported.AudioEncoderConfiguration, profile);
  return profile;
}

MediaProfile profile_of(const tr2__MediaProfile& reported) {
  MediaProfile profile;
  profile.token = token_of(reported.token);
  profile.name = clean_text(value(reported.Name));
  const auto* configurations = reported.Configurations;
  if (!configurations) return profile;
  if (const auto* source = configurations->VideoSource) profile.source_token = token_of(source->SourceToken);
  profile.ptz = configurations->PTZ != nullptr;
  take_video(configurations->VideoEncoder, profile);
  take_audio(configurations->AudioEncoder, profile);
  return profile;
}

// Profiles without a token cannot be asked for; the same token twice is one profile (quirk 84).
template <class Reply>
std::optional<std::vector<MediaProfile>> profiles_of(const Reply& reply) {
  std::vector<MediaProfile> profiles;
  for (const auto* reported : reply.Profiles)
    if (reported && reported->token && profiles.size() < kMaxProfiles)
      profiles.push_back(profile_of(*reported));
  if (profiles.empty()) return std::nullopt;
  return profiles;
}

// Some profiles have no video, but one that should have comes without when its parts are in a wrong
// namespace.
std::size_t profiles_without_video(const std::vector<MediaProfile>& profiles) {
  return static_cast<std::size_t>(
      std::ranges::count_if(profiles, [](const auto& p) { return !p.has_video; }));
}

std::optional<std::string> uri_of(const std::optional<std::string>& uri) {
  const auto text = text::trim(value(uri));
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

template <class Reply>
Result<std::string> read_wrapped_uri(std::string_view reply, std::string_view element, Quirks& quirks) {
  const auto convert = [](const Reply& r) { return r.MediaUri ? uri_of(r.MediaUri->Uri) : std::nullopt; };
  return read_reply<Reply>(reply, {"trt", element}, quirks, convert);
}

template <class Reply>
Result<std::string> read_plain_uri(std::string_view reply, std::string_view element, Quirks& quirks) {
  return read_reply<Reply>(reply, {"tr2", element}, quirks, [](const Reply& r) { return uri_of(r.Uri); });
}

}  // namespace

Result<std::vector<MediaProfile>> read_profiles_1(std::string_view reply, Quirks& quirks) {
  return read_reply<_trt__GetProfilesResponse>(
      reply, {"trt", "GetProfilesResponse"}, quirks, [](const auto& r) { return profiles_of(r); },
      profiles_without_video);
}

Result<std::vector<MediaProfile>> read_profiles_2(std::string_view reply, Quirks& quirks) {
  return read_reply<_tr2__GetProfilesResponse>(
      reply, {"tr2", "GetProfilesResponse"}, quirks, [](const auto& r) { return profiles_of(r); },
      profiles_without_video);
}

Result<std::string> read_stream_uri_1(std::string_view reply, Quirks& quirks) {
  return read_wrapped_uri<_trt__GetStreamUriResponse>(reply, "GetStreamUriResponse", quirks);
}

Result<std::string> read_snapshot_uri_1(std::string_view reply, Quirks& quirks) {
  return read_wrapped_uri<_trt__GetSnapshotUriResponse>(reply, "GetSnapshotUriResponse", quirks);
}

Result<std::string> read_stream_uri_2(std::string_view reply, Quirks& quirks) {
  return read_plain_uri<_tr2__GetStreamUriResponse>(reply, "GetStreamUriResponse", quirks);
}

Result<std::string> read_snapshot_uri_2(std::string_view reply, Quirks& quirks) {
  return read_plain_uri<_tr2__GetSnapshotUriResponse>(reply, "GetSnapshotUriResponse", quirks);
}

}  // namespace camctl::onvif
