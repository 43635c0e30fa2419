// Session descriptions (RFC 8866) as RTSP uses them (RFC 2326 appendix C).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/media/stream_info.h"

namespace camctl::rtsp {

// The RTP payload type that this library's server uses for a codec (RFC 3551 table 4; 96 and up are dynamic).
std::uint8_t payload_type(media::Codec codec);

// The RTP clock rate that the codec's payload format demands, which need not be the track's own.
std::uint32_t rtp_clock(const media::VideoInfo& video);
std::uint32_t rtp_clock(const media::AudioInfo& audio);

// The description of a stream. The tracks' control attributes are "track0", "track1", video first; tracks
// without a packetizer are left out. `address` is the server's; `name` any text (line ends become spaces).
std::string write_sdp(const media::StreamInfo& info, std::string_view name, std::string_view address);

}  // namespace camctl::rtsp
