#include "libonvif/media_profiles.h"

#include <algorithm>

namespace camctl::onvif {
namespace {

template <class T>
void fill(T& gap, const T& value) {
  if (gap == T{}) gap = value;
}

// Media 2 knows H.265; Media 1 says H.264 or nothing for the same encoder (quirk 68).
void fill_gaps(MediaProfile& profile, const MediaProfile& media1, Quirks& quirks) {
  const bool hidden = profile.has_video && !media1.has_video;
  if (hidden || (profile.video_codec == "h265" && media1.video_codec != "h265")) quirks.insert(68);
  profile.ptz = profile.ptz || media1.ptz;
  profile.has_video = profile.has_video || media1.has_video;
  profile.has_audio = profile.has_audio || media1.has_audio;
  fill(profile.name, media1.name);
  if (!media1.source_token.empty()) {  // Media 2 may name the configuration instead (quirk 72)
    if (!profile.source_token.empty() && profile.source_token != media1.source_token) quirks.insert(72);
    profile.source_token = media1.source_token;
  }
  fill(profile.video_codec, media1.video_codec);
  fill(profile.audio_codec, media1.audio_codec);
  fill(profile.width, media1.width);
  fill(profile.height, media1.height);
  fill(profile.fps, media1.fps);
  fill(profile.bitrate_kbps, media1.bitrate_kbps);
  fill(profile.gop, media1.gop);
  fill(profile.audio_sample_rate, media1.audio_sample_rate);
}

MergedProfile* find(std::vector<MergedProfile>& profiles, const std::string& token) {
  const auto found =
      std::ranges::find_if(profiles, [&](const MergedProfile& p) { return p.profile.token == token; });
  return found == profiles.end() ? nullptr : &*found;
}

}  // namespace

std::vector<MergedProfile> merge_profiles(const std::vector<MediaProfile>& media2,
                                          const std::vector<MediaProfile>& media1, Quirks& quirks) {
  std::vector<MergedProfile> merged;
  for (const auto& profile : media2) {
    if (find(merged, profile.token)) {
      quirks.insert(84);
    } else {
      merged.push_back({profile, false, true});
    }
  }
  for (const auto& profile : media1) {
    MergedProfile* known = find(merged, profile.token);
    if (!known) {
      merged.push_back({profile, true, false});
    } else if (known->in_media1) {
      quirks.insert(84);
    } else {
      known->in_media1 = true;
      fill_gaps(known->profile, profile, quirks);
    }
  }
  if (merged.size() > kMaxProfiles) merged.resize(kMaxProfiles);
  if (std::ranges::any_of(merged, [](const auto& p) { return p.profile.name.empty(); })) quirks.insert(84);
  return merged;
}

Profile describe(const MediaProfile& profile) {
  Profile result;
  result.token = profile.token;
  result.name = profile.name.empty() ? profile.token : profile.name;  // quirk 84
  result.source_token = profile.source_token;
  if (profile.has_video)
    result.video = VideoSettings{profile.video_codec, profile.width,        profile.height,
                                 profile.fps,         profile.bitrate_kbps, profile.gop};
  if (profile.has_audio) result.audio = AudioSettings{profile.audio_codec, profile.audio_sample_rate, 0};
  return result;
}

}  // namespace camctl::onvif
