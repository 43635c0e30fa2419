#include <algorithm>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/messages.h"
#include "libonvif/soap/reply_reader.h"

namespace camctl::onvif {
namespace {

// A whole number (xs:int); what the schema has otherwise is noted (quirk 39).
unsigned count_of(const std::optional<std::string>& text, Quirks& quirks) {
  const std::string_view digits = text::trim(value(text));
  const bool as_it_should = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (text && (digits.empty() || !as_it_should)) quirks.insert(39);
  return parse_count(digits).value_or(0);
}

// An encoding by its name. Media 1 has six (tt:VideoEncoding, tt:AudioEncoding); in Media 2 any may be.
std::string codec_of(const std::optional<std::string>& text, bool media1, Quirks& quirks) {
  constexpr std::string_view kKnown[] = {"JPEG", "MPEG4", "H264", "G711", "G726", "AAC"};
  const std::string name = clean_text(value(text));
  if (media1 && text && std::ranges::find(kKnown, name) == std::end(kKnown)) quirks.insert(39);
  return codec_name(name);
}

template <class Resolution>
void take_resolution(const Resolution* resolution, MediaProfile& profile, Quirks& quirks) {
  if (!resolution) return;
  profile.width = count_of(resolution->Width, quirks);
  profile.height = count_of(resolution->Height, quirks);
}

template <class RateControl>
void take_rates(const RateControl* control, MediaProfile& profile, Quirks& quirks) {
  if (!control) return;
  profile.fps = parse_number(value(control->FrameRateLimit)).value_or(0);
  profile.bitrate_kbps = count_of(control->BitrateLimit, quirks);
  // Axis writes INT32_MAX for "no limit"; nothing near it is a setting.
  constexpr unsigned kMaxBitrate = 1'000'000;
  constexpr double kMaxFps = 1000;
  if (profile.bitrate_kbps > kMaxBitrate) profile.bitrate_kbps = 0;
  if (profile.fps > kMaxFps) profile.fps = 0;
}

void take_video(const tt__VideoEncoderConfiguration* video, MediaProfile& profile, Quirks& quirks) {
  if (!video) return;
  profile.has_video = true;
  profile.encoder_token = token_of(video->token);
  profile.video_codec = codec_of(video->Encoding, true, quirks);
  take_resolution(video->Resolution, profile, quirks);
  take_rates(video->RateControl, profile, quirks);
  if (video->RateControl) count_of(video->RateControl->FrameRateLimit, quirks);  // whole ones only, there
  if (video->H264) profile.gop = count_of(video->H264->GovLength, quirks);
  if (video->MPEG4 && profile.video_codec == "mpeg4") profile.gop = count_of(video->MPEG4->GovLength, quirks);
}

void take_video(const tt__VideoEncoder2Configuration* video, MediaProfile& profile, Quirks& quirks) {
  if (!video) return;
  profile.has_video = true;
  profile.encoder_token = token_of(video->token);
  profile.video_codec = codec_of(video->Encoding, false, quirks);
  take_resolution(video->Resolution, profile, quirks);
  take_rates(video->RateControl, profile, quirks);
  profile.gop = count_of(video->GovLength, quirks);
}

template <class AudioEncoder>
void take_audio(const AudioEncoder* audio, MediaProfile& profile, bool media1, Quirks& quirks) {
  if (!audio) return;
  profile.has_audio = true;
  profile.audio_codec = codec_of(audio->Encoding, media1, quirks);
  // kHz by the standard, Hz in the field.
  constexpr unsigned kHighestKiloHertz = 192;
  const unsigned rate = count_of(audio->SampleRate, quirks);
  profile.audio_sample_rate = rate <= kHighestKiloHertz ? rate * 1000 : rate;
}

MediaProfile profile_of(const tt__Profile& reported, Quirks& quirks) {
  MediaProfile profile;
  profile.token = token_of(reported.token);
  profile.name = clean_text(value(reported.Name));
  if (const auto* source = reported.VideoSourceConfiguration)
    profile.source_token = token_of(source->SourceToken);
  profile.ptz = reported.PTZConfiguration != nullptr;
  take_video(reported.VideoEncoderConfiguration, profile, quirks);
  take_audio(reported.AudioEncoderConfiguration, profile, true, quirks);
  return profile;
}

MediaProfile profile_of(const tr2__MediaProfile& reported, Quirks& quirks) {
  MediaProfile profile;
  profile.token = token_of(reported.token);
  profile.name = clean_text(value(reported.Name));
  const auto* configurations = reported.Configurations;
  if (!configurations) return profile;
  if (const auto* source = configurations->VideoSource) profile.source_token = token_of(source->SourceToken);
  profile.ptz = configurations->PTZ != nullptr;
  take_video(configurations->VideoEncoder, profile, quirks);
  take_audio(configurations->AudioEncoder, profile, false, quirks);
  return profile;
}

// Profiles without a token cannot be asked for; the same token twice is one profile (quirk 84).
template <class Reply>
std::optional<std::vector<MediaProfile>> profiles_of(const Reply& reply, Quirks& quirks) {
  std::vector<MediaProfile> profiles;
  for (const auto* reported : reply.Profiles)
    if (reported && reported->token && profiles.size() < kMaxProfiles)
      profiles.push_back(profile_of(*reported, quirks));
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
      reply, {"trt", "GetProfilesResponse"}, quirks, [&](const auto& r) { return profiles_of(r, quirks); },
      profiles_without_video);
}

Result<std::vector<MediaProfile>> read_profiles_2(std::string_view reply, Quirks& quirks) {
  return read_reply<_tr2__GetProfilesResponse>(
      reply, {"tr2", "GetProfilesResponse"}, quirks, [&](const auto& r) { return profiles_of(r, quirks); },
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
