#include "librtsp/rtp_packet.h"

namespace camctl::rtsp {
namespace {

constexpr std::size_t kFixedHeader = 12;
constexpr std::size_t kExtensionHeader = 4;

std::uint32_t be16(media::ByteView data, std::size_t at) {
  return static_cast<std::uint32_t>(data[at] << 8 | data[at + 1]);
}

}  // namespace

std::optional<RtpPacket> parse_rtp(media::ByteView packet) {
  if (packet.size() < kFixedHeader || packet[0] >> 6 != 2) return std::nullopt;
  const bool padding = (packet[0] & 0x20) != 0;
  const bool extension = (packet[0] & 0x10) != 0;
  std::size_t header = kFixedHeader + std::size_t{4} * (packet[0] & 0x0f);  // contributing sources
  std::uint16_t extension_id = 0;
  const std::size_t extension_begin = header + kExtensionHeader;
  if (extension) {
    if (packet.size() < extension_begin) return std::nullopt;
    extension_id = static_cast<std::uint16_t>(be16(packet, header));
    header = extension_begin + std::size_t{4} * be16(packet, header + 2);
  }
  std::size_t end = packet.size();
  if (padding) {
    const std::size_t count = packet.back();
    if (count == 0 || count > end) return std::nullopt;
    end -= count;
  }
  if (header > end) return std::nullopt;
  return RtpPacket{
      .payload_type = static_cast<std::uint8_t>(packet[1] & 0x7f),
      .marker = (packet[1] & 0x80) != 0,
      .sequence = static_cast<std::uint16_t>(be16(packet, 2)),
      .timestamp = be16(packet, 4) << 16 | be16(packet, 6),
      .ssrc = be16(packet, 8) << 16 | be16(packet, 10),
      .extension_id = extension_id,
      .extension = extension ? packet.subspan(extension_begin, header - extension_begin) : media::ByteView{},
      .payload = packet.subspan(header, end - header)};
}

}  // namespace camctl::rtsp
