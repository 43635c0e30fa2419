// The headers of a JPEG picture (ITU-T T.81 annex B), which RTP leaves out (RFC 2435 §3.1).
#pragma once

#include <cstdint>

#include "base/media/nal.h"

namespace camctl::rtsp {

// What RFC 2435 tells of a picture, and what follows from it.
struct JpegFormat {
  std::uint8_t type = 0;  // 0: 4:2:2, 1: 4:2:0 (RFC 2435 §4.1); of 64 and up the lower 6 bits
  std::uint16_t width = 0, height = 0;
  std::uint16_t restart_interval = 0;  // in MCUs; 0: none
  // Quantisation tables in zigzag order, luma first: one or two of 64 bytes, or 128 where `precision` has the
  // table's bit set (§3.1.8).
  media::Bytes tables;
  std::uint8_t precision = 0;
  friend bool operator==(const JpegFormat&, const JpegFormat&) = default;
};

// The tables of RFC 2435 §4.2 for a Q of 1 to 99.
media::Bytes jpeg_tables(std::uint8_t q);

// SOI to SOS with the Huffman tables of T.81 annex K.3; the entropy-coded data and EOI follow.
media::Bytes jpeg_headers(const JpegFormat& format);

}  // namespace camctl::rtsp
