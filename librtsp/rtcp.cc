#include "librtsp/rtcp.h"

#include <string_view>

namespace camctl::rtsp {
namespace {

constexpr std::uint8_t kSenderReport = 200, kReceiverReport = 201, kSourceDescription = 202;
constexpr std::size_t kHeader = 4;
constexpr std::uint8_t kVersion = 0x80;

std::uint32_t be32(media::ByteView data, std::size_t at) {
  return static_cast<std::uint32_t>(data[at]) << 24 | static_cast<std::uint32_t>(data[at + 1]) << 16 |
         static_cast<std::uint32_t>(data[at + 2]) << 8 | data[at + 3];
}

void put32(media::Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

std::optional<SenderReport> find_sender_report(media::ByteView compound) {
  constexpr std::size_t kSenderInfoEnd = 20;
  while (compound.size() >= kHeader && compound[0] >> 6 == 2) {
    const std::size_t size = (std::size_t{compound[2]} << 8 | compound[3]) * 4 + kHeader;
    if (size > compound.size()) return std::nullopt;
    if (compound[1] == kSenderReport && size >= kSenderInfoEnd)
      return SenderReport{.ssrc = be32(compound, 4),
                          .ntp = std::uint64_t{be32(compound, 8)} << 32 | be32(compound, 12),
                          .rtp = be32(compound, 16)};
    compound = compound.subspan(size);
  }
  return std::nullopt;
}

media::Bytes write_receiver_report(const ReceiverReport& report) {
  media::Bytes out = {kVersion | 1, kReceiverReport, 0, 7};
  put32(out, report.own_ssrc);
  put32(out, report.source_ssrc);
  put32(out, std::uint32_t{report.fraction_lost} << 24 | (report.cumulative_lost & 0xffffff));
  put32(out, report.highest_sequence);
  put32(out, report.jitter);
  put32(out, report.last_report);
  put32(out, report.since_last_report);

  constexpr std::string_view kName = "camctl";
  constexpr std::uint8_t kCname = 1;
  // One chunk: SSRC, item, and zeros up to the next 32 bits.
  media::Bytes chunk;
  put32(chunk, report.own_ssrc);
  chunk.push_back(kCname);
  chunk.push_back(static_cast<std::uint8_t>(kName.size()));
  chunk.insert(chunk.end(), kName.begin(), kName.end());
  do chunk.push_back(0);
  while (chunk.size() % 4 != 0);
  out.insert(out.end(), {kVersion | 1, kSourceDescription, 0, static_cast<std::uint8_t>(chunk.size() / 4)});
  out.insert(out.end(), chunk.begin(), chunk.end());
  return out;
}

}  // namespace camctl::rtsp
