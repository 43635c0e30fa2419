#include "libhls/ts_writer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace camctl::hls {
namespace {

using media::Bytes;
using media::ByteView;

constexpr std::size_t kPacket = 188;
constexpr std::size_t kHeader = 4;
constexpr std::size_t kPayload = kPacket - kHeader;
// Length and flags of an adaptation field, and a PCR in it (§2.4.3.4).
constexpr std::size_t kAdaptation = 2, kPcrField = 6;
// The longest PES header that is written stays in the first packet: some demultiplexers count on that.
constexpr std::size_t kPesFront = 19;

std::uint8_t byte(std::uint64_t value) { return static_cast<std::uint8_t>(value); }

std::uint32_t crc32(ByteView data) {  // Annex A
  std::uint32_t crc = 0xffffffff;
  for (const auto b : data) {
    crc ^= std::uint32_t{b} << 24;
    for (int i = 0; i < 8; ++i) crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  }
  return crc;
}

void put_pcr(std::uint8_t* out, std::uint64_t pcr) {
  pcr &= kTsClockMask;
  out[0] = byte(pcr >> 25);
  out[1] = byte(pcr >> 17);
  out[2] = byte(pcr >> 9);
  out[3] = byte(pcr >> 1);
  out[4] = byte((pcr & 1) << 7 | 0x7e);
  out[5] = 0;
}

// Reads a PES packet's pieces one after the other.
class PieceReader {
 public:
  explicit PieceReader(const std::vector<ByteView>& pieces) : pieces_(pieces) {}
  void read(std::uint8_t* out, std::size_t size) {
    while (size > 0) {
      const auto piece = pieces_[index_].subspan(offset_);
      const auto take = std::min(size, piece.size());
      out = std::copy_n(piece.data(), take, out);
      size -= take;
      offset_ += take;
      if (offset_ == pieces_[index_].size()) {
        ++index_;
        offset_ = 0;
      }
    }
  }

 private:
  const std::vector<ByteView>& pieces_;
  std::size_t index_ = 0, offset_ = 0;
};

std::size_t first_capacity(const TsPes& pes) {
  if (pes.pcr) return kPayload - kAdaptation - kPcrField;
  return pes.random_access ? kPayload - kAdaptation : kPayload;
}

// What the next of `packets` packets carries so that all of them carry something.
std::size_t share(std::size_t left, std::size_t packets, bool first) {
  const std::size_t least = first ? std::min(left, kPesFront) : 1;
  return std::max(left / packets, least);
}

}  // namespace

std::size_t ts_packets(const TsPes& pes) {
  const auto first = first_capacity(pes);
  return pes.size <= first ? 1 : 1 + (pes.size - first + kPayload - 1) / kPayload;
}

TsWriter::TsWriter(std::size_t packets) { out_.reserve(packets * kPacket); }

void TsWriter::section(std::uint16_t pid, unsigned counter, Bytes body) {
  const auto crc = crc32(body);
  for (int shift = 24; shift >= 0; shift -= 8) body.push_back(byte(crc >> shift));
  assert(body.size() < kPayload);
  auto* packet = begin_packet(pid, true, counter, 1);
  packet[kHeader] = 0;  // pointer_field
  std::copy(body.begin(), body.end(), packet + kHeader + 1);
}

void TsWriter::clock(std::uint16_t pid, std::uint64_t pcr) {
  const auto last = (counters_[pid] + kTsCounterCycle - 1) % kTsCounterCycle;
  auto* packet = begin_packet(pid, false, last, 2);
  packet[kHeader] = kPayload - 1;
  packet[kHeader + 1] = 0x10;
  put_pcr(packet + kHeader + kAdaptation, pcr);
}

void TsWriter::pes(const TsPes& pes, std::size_t extra) {
  PieceReader reader(pes.pieces);
  auto& counter = counters_[pes.pid];
  auto left = pes.size;
  auto packets = ts_packets(pes) + extra;
  for (bool first = true; packets > 0; --packets, first = false) {
    const auto capacity = first ? first_capacity(pes) : kPayload;
    const auto payload = std::min(capacity, extra > 0 ? share(left, packets, first) : left);
    const auto adaptation = kPayload - payload;
    auto* packet = begin_packet(pes.pid, first, counter, adaptation > 0 ? 3 : 1);
    if (adaptation > 0) packet[kHeader] = byte(adaptation - 1);
    if (adaptation > 1) packet[kHeader + 1] = 0;
    if (first && (pes.random_access || pes.pcr)) {
      packet[kHeader + 1] = byte((pes.random_access ? 0x40 : 0) | (pes.pcr ? 0x10 : 0));
      if (pes.pcr) put_pcr(packet + kHeader + kAdaptation, *pes.pcr);
    }
    reader.read(packet + kHeader + adaptation, payload);
    counter = (counter + 1) % kTsCounterCycle;
    left -= payload;
  }
  assert(left == 0);
}

Bytes TsWriter::take() { return std::exchange(out_, {}); }

std::uint8_t* TsWriter::begin_packet(std::uint16_t pid, bool start, unsigned counter,
                                     unsigned adaptation_control) {
  const auto at = out_.size();
  out_.resize(at + kPacket, 0xff);
  auto* packet = out_.data() + at;
  packet[0] = 0x47;
  packet[1] = byte((start ? 0x40 : 0) | pid >> 8);
  packet[2] = byte(pid);
  packet[3] = byte(adaptation_control << 4 | counter);
  return packet;
}

}  // namespace camctl::hls
