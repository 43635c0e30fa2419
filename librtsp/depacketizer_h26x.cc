// H.264 (RFC 6184) and H.265 (RFC 7798): how NAL units stand in RTP payloads.
#include "librtsp/depacketizer_h26x.h"

#include <array>

namespace camctl::rtsp {
namespace {

constexpr std::size_t kSizeField = 2;  // before each NAL unit of an aggregation packet

// RFC 6184 §5.2 table 1, RFC 7798 §4.4
constexpr std::uint8_t kStapA = 24, kFuA = 28;
constexpr std::uint8_t kAp = 48, kFu = 49;

}  // namespace

void H26xDepacketizer::push(const RtpPacket& packet, bool lost,
                            std::chrono::steady_clock::time_point arrival) {
  assembler_.begin_packet(packet, lost, arrival);
  if (!packet.payload.empty()) take(packet.payload);
  assembler_.end_packet();
}

// NAL units behind a 16-bit size each (RFC 6184 §5.7.1, RFC 7798 §4.4.2).
void H26xDepacketizer::aggregated(media::ByteView units) {
  while (!units.empty()) {
    if (units.size() < kSizeField) return assembler_.malformed();
    const std::size_t size = static_cast<std::size_t>(units[0]) << 8 | units[1];
    if (size == 0 || size > units.size() - kSizeField) return assembler_.malformed();
    assembler_.add(units.subspan(kSizeField, size));
    units = units.subspan(kSizeField + size);
  }
}

void H26xDepacketizer::fragment(media::ByteView header, bool start, bool end, media::ByteView payload) {
  if (payload.empty()) return assembler_.malformed();
  if (start)
    assembler_.begin_fragmented(header, payload);
  else
    assembler_.continue_fragmented(payload);
  if (end) assembler_.end_fragmented();
}

void H264Depacketizer::take(media::ByteView payload) {
  const std::uint8_t type = payload[0] & 0x1f;
  if (type >= 1 && type < kStapA) return assembler_.add(payload);
  if (type == kStapA) return aggregated(payload.subspan(1));
  if (type != kFuA || payload.size() < 2) return assembler_.malformed();
  // FU indicator and FU header rebuild the NAL unit's header (RFC 6184 §5.8).
  const std::array<std::uint8_t, 1> header = {
      static_cast<std::uint8_t>((payload[0] & 0xe0) | (payload[1] & 0x1f))};
  fragment(header, (payload[1] & 0x80) != 0, (payload[1] & 0x40) != 0, payload.subspan(2));
}

void H265Depacketizer::take(media::ByteView payload) {
  constexpr std::size_t kHeader = 2;
  if (payload.size() <= kHeader) return assembler_.malformed();
  const std::uint8_t type = payload[0] >> 1 & 0x3f;
  if (type < kAp) return assembler_.add(payload);
  if (type == kAp) return aggregated(payload.subspan(kHeader));
  if (type != kFu || payload.size() <= kHeader + 1) return assembler_.malformed();
  // The payload header with the FU header's type in it (RFC 7798 §4.4.3).
  const std::uint8_t fu = payload[2];
  const std::array<std::uint8_t, kHeader> header = {
      static_cast<std::uint8_t>((payload[0] & 0x81) | (fu & 0x3f) << 1), payload[1]};
  fragment(header, (fu & 0x80) != 0, (fu & 0x40) != 0, payload.subspan(kHeader + 1));
}

}  // namespace camctl::rtsp
