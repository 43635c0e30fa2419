// Transport stream packets (ISO 13818-1 §2.4.3) from sections and PES packets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/nal.h"

namespace camctl::hls {

// continuity_counter counts modulo this (§2.4.3.3).
inline constexpr unsigned kTsCounterCycle = 16;
// PTS, DTS and the PCR's base have 33 bits.
inline constexpr std::uint64_t kTsClockMask = (std::uint64_t{1} << 33) - 1;

// A PES packet as pieces of memory that others own.
struct TsPes {
  std::uint16_t pid = 0;
  bool random_access = false;
  std::optional<std::uint64_t> pcr;  // of 90 kHz
  std::vector<media::ByteView> pieces;
  std::size_t size = 0;

  void add(media::ByteView piece) {
    if (piece.empty()) return;
    pieces.push_back(piece);
    size += piece.size();
  }
};

// How many transport packets it takes.
std::size_t ts_packets(const TsPes& pes);

// Writes packets one behind the other. Counters start at 0 for each PID of PES packets.
class TsWriter {
 public:
  // Makes room for so many packets.
  explicit TsWriter(std::size_t packets);

  // A table's section (§2.4.4) without its CRC, in one packet; `counter` because the caller counts tables.
  void section(std::uint16_t pid, unsigned counter, media::Bytes body);

  // A packet with nothing but a clock reference: the counter stays (§2.4.3.3).
  void clock(std::uint16_t pid, std::uint64_t pcr);

  // A PES packet, spread over `extra` packets more than it takes; it must have that many bytes.
  void pes(const TsPes& pes, std::size_t extra);

  media::Bytes take();

 private:
  std::uint8_t* begin_packet(std::uint16_t pid, bool start, unsigned counter, unsigned adaptation_control);

  media::Bytes out_;
  std::map<std::uint16_t, unsigned> counters_;  // the next one
};

}  // namespace camctl::hls
