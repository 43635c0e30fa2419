// Encodes a Scene and its beeps into a film in memory.
#pragma once

#include <string>

#include "apps/simulate/virtual_media.h"
#include "base/result.h"

namespace camctl::simulate {

// A QuickTime file of kClipSeconds, cut on groups of pictures at both ends, so that it can be looped without
// a seam: all codecs' frames last a whole number of times in it. Blocks for about a second of CPU at 1080p.
// kUsage for odd sizes and rates, kUnsupported where an encoder is missing.
Result<std::string> encode_film(const PictureOptions& options);

inline constexpr unsigned kClipSeconds = 8;

}  // namespace camctl::simulate
