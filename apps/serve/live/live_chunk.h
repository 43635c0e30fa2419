// What goes to WebSocket viewers: made once per camera and access unit, shared by all of them.
#pragma once

#include <cstdint>
#include <memory>

#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/body.h"
#include "libhls/window.h"

namespace camctl::apps::serve {

// What must precede the media of one init version: a text frame that names it (JSON: "type", "mime", "init",
// "width", "height") and a binary frame with the initialisation segment.
struct LiveInit {
  std::uint32_t version = 0;
  hls::BodyPtr frames;
};
using LiveInitPtr = std::shared_ptr<const LiveInit>;

// One access unit as a binary frame: moof and mdat, the payload by reference.
struct LiveChunk {
  LiveInitPtr init;
  hls::BodyPtr frame;
  bool key = false;  // a viewer can start here
};
using LiveChunkPtr = std::shared_ptr<const LiveChunk>;

// kUnsupported where a browser could play none of the tracks. Audio other than AAC is left out.
Result<LiveInitPtr> make_live_init(const media::StreamInfo& info, std::uint32_t version);
// Null for a unit that make_live_init() leaves out. `sequence` counts the camera's chunks (mfhd).
LiveChunkPtr make_live_chunk(const hls::LiveUnit& live, const LiveInitPtr& init, std::uint64_t sequence);

}  // namespace camctl::apps::serve
