// Which of libavcodec's H.264 encoders this machine can transcode with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace camctl::hls {

// The software encoder, which is always there.
inline constexpr std::string_view kSoftwareEncoder = "libx264";

struct EncoderChoice {
  std::string name;                 // as libavcodec calls it
  std::vector<std::string> absent;  // better ones that could not be opened, and why: "h264_vaapi: …"
};

// Opens encoders, once each, until one can be opened: hardware's first for "auto", else the one that is
// named. Some milliseconds, more where there is hardware to be woken. kUnsupported where a named one can't be
// opened.
Result<EncoderChoice> choose_encoder(std::string_view wanted);

}  // namespace camctl::hls
