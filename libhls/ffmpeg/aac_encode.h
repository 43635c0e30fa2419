// Audio that HLS can't carry, encoded to AAC one segment at a time, only when somebody asks for the segment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/window.h"

namespace camctl::hls {

// The AAC track that encode_aac() makes of this audio; nothing where it can't be decoded or AAC has no such
// sample rate.
std::optional<media::AudioInfo> encoded_audio(const media::AudioInfo& audio);

// The end of a segment's audio that the encoder needs to hear before the segment that follows.
std::vector<media::AccessUnitPtr> audio_lead_in(const Segment& segment);

// A copy of `segment` with its audio as AAC; the video units are shared.
//
// The result is a function of the arguments alone. AAC frames stand on one grid of 1024 samples counted from
// the start of the stream's axis, and a segment holds those whose window (two frames long) ends within its
// audio: so the frames of consecutive segments join, each computed from the same samples that a single
// encoder would have had, except for two frames' worth of its memory. A track therefore begins up to 3 frames
// before the segment's own audio. `lead_in` is audio_lead_in() of the segment before; empty behind a
// discontinuity.
Result<Segment> encode_aac(const Segment& segment, std::span<const media::AccessUnitPtr> lead_in,
                           std::uint32_t bitrate);

}  // namespace camctl::hls
