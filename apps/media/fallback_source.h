// The RTSP client first, and the fallback for streams that it can't take apart.
#pragma once

#include <memory>

#include "base/media/source.h"

namespace camctl::apps {

// Sources that try `first`; where that ends with kUnsupported before any media, `second` takes its place, and
// from then on is tried at once: the answer belongs to the camera.
media::SourceFactory with_fallback(media::SourceFactory first, media::SourceFactory second);

}  // namespace camctl::apps
