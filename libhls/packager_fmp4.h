// Fragmented MP4 (ISO 14496-12 §8.8, ISO 14496-15, CMAF's ISO 23000-19 §7.3) from access units.
#pragma once

#include "base/result.h"
#include "libhls/body.h"
#include "libhls/window.h"

namespace camctl::hls {

// The track IDs in init and media segments.
inline constexpr std::uint32_t kFmp4VideoTrack = 1;
inline constexpr std::uint32_t kFmp4AudioTrack = 2;

// The initialisation segment (ftyp, moov with mvex): avc1 or hvc1, and mp4a. Other tracks are left out as
// package_fmp4() leaves them out. kUnsupported where none is left; kProtocol where parameter sets are missing
// or can't be read.
Result<BodyPtr> package_init(const media::StreamInfo& info);

// One segment as styp, one moof with a traf for each track, and an mdat whose payload is references to the
// access units. Times are the stream's axis in each track's clock_rate.
Result<BodyPtr> package_fmp4(const Segment& segment);

// One part as a moof and an mdat (a CMAF chunk, ISO 23000-19 §7.3.2.3), with the decoding times that its
// units have in the segment.
Result<BodyPtr> package_part(const Part& part);

}  // namespace camctl::hls
