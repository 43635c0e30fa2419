// The access units of a camera's main stream once more, for those who transcode them.
#pragma once

#include <memory>

#include "apps/serve/tiers/transcode_slots.h"
#include "base/media/source.h"

namespace camctl::apps::serve {

class ServedCamera;

// Sources of what `main` receives, from its newest key frame on, with the times that they have there: no
// further session at the camera. They keep `main` connected, wait while it is not live, and end when it goes
// away, or with kLimit where no slot is free. They must be started on its loop.
media::SourceFactory tier_source(std::weak_ptr<ServedCamera> main, std::shared_ptr<TranscodeSlots> slots);

}  // namespace camctl::apps::serve
