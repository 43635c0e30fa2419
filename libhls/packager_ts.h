// MPEG-TS (ISO 13818-1) segments from access units.
#pragma once

#include "base/result.h"
#include "libhls/body.h"
#include "libhls/window.h"

namespace camctl::hls {

// One segment as MPEG-TS: PAT and PMT once in front, H.264 or H.265 with access unit delimiters and with
// parameter sets before key frames, AAC in ADTS; other audio is left out (encode it first). A function of the
// segment alone: continuity counters run on from segment to segment because each PID's packets are a multiple
// of 16 (PAT and PMT count by the segment's number). kUnsupported where there is neither H.264, H.265 nor
// AAC.
Result<BodyPtr> package_ts(const Segment& segment);

}  // namespace camctl::hls
