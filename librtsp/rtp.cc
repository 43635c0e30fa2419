#include "librtsp/rtp.h"

namespace camctl::rtsp {

void Burst::add_packet(std::uint8_t channel, std::initializer_list<std::span<const std::uint8_t>> copied,
                       std::span<const std::uint8_t> referenced) {
  std::size_t header_size = kInterleavedHeader;
  for (const auto part : copied) header_size += part.size();
  const auto packet_size = header_size - kInterleavedHeader + referenced.size();
  const auto offset = static_cast<std::uint32_t>(headers.size());
  packets.push_back({static_cast<std::uint32_t>(parts.size()),
                     static_cast<std::uint16_t>(referenced.empty() ? 1 : 2),
                     static_cast<std::uint16_t>(packet_size)});
  headers.insert(headers.end(), {'$', channel, static_cast<std::uint8_t>(packet_size >> 8),
                                 static_cast<std::uint8_t>(packet_size)});
  for (const auto part : copied) headers.insert(headers.end(), part.begin(), part.end());
  parts.push_back({nullptr, offset, static_cast<std::uint32_t>(header_size)});
  if (!referenced.empty())
    parts.push_back({referenced.data(), 0, static_cast<std::uint32_t>(referenced.size())});
  size += header_size + referenced.size();
}

}  // namespace camctl::rtsp
