// The FFmpeg that is loaded, for those who report what runs.
#pragma once

#include <string>

namespace camctl::hls {

std::string ffmpeg_version();  // "5.1.6-0+deb12u1"

}  // namespace camctl::hls
