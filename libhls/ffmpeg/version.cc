#include "libhls/ffmpeg_version.h"

extern "C" {
#include <libavutil/avutil.h>
}

namespace camctl::hls {

std::string ffmpeg_version() { return av_version_info(); }

}  // namespace camctl::hls
