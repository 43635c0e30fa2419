// RTP packets as they are received (RFC 3550 §5.1).
#pragma once

#include <cstdint>
#include <optional>

#include "base/media/nal.h"

namespace camctl::rtsp {

struct RtpPacket {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  std::uint16_t extension_id = 0;  // "defined by profile" (§5.3.1); 0: no extension
  media::ByteView extension = {};  // its data, points into the packet
  media::ByteView payload;         // without header, extension and padding; points into the packet
};

// Nothing where `packet` is no whole RTP packet of version 2.
std::optional<RtpPacket> parse_rtp(media::ByteView packet);

}  // namespace camctl::rtsp
