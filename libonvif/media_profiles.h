// The profiles of Media 1 and Media 2 as one list.
#pragma once

#include <vector>

#include "libonvif/device.h"
#include "libonvif/messages.h"

namespace camctl::onvif {

struct MergedProfile {
  MediaProfile profile;
  bool in_media1 = false, in_media2 = false;  // which service can be asked for its URI
};

// By token, Media 2 first and its codec trusted, gaps filled from Media 1 (quirks 68 to 70, 72, 84). The
// order is the device's; a token comes once.
std::vector<MergedProfile> merge_profiles(const std::vector<MediaProfile>& media2,
                                          const std::vector<MediaProfile>& media1, Quirks& quirks);

// As `discover` shows it, URIs still missing.
Profile describe(const MediaProfile& profile);

}  // namespace camctl::onvif
