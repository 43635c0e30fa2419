// How `stream` and `serve` receive a camera.
#pragma once

#include <chrono>

#include "apps/common/config.h"
#include "base/media/source.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/url.h"
#include "libhls/stream.h"

namespace camctl::apps {

struct CameraAddress {
  Url url;
  Credentials credentials;  // for url.host only
  std::chrono::milliseconds timeout{5000};
};

// Makes sources for one camera, transcoded if `settings` say so. kConfig where the address is none that a
// camera may have: it may have come by API or from a device, so rtsp(s) and http(s) only.
Result<media::SourceFactory> camera_source(const CameraAddress& address, const StreamSettings& settings);

// What `settings` mean for the window and the encoder. `id` is for log lines; the probe goes to the address.
hls::StreamOptions stream_options(const std::string& id, const Url& url, const StreamSettings& settings);

}  // namespace camctl::apps
