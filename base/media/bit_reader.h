// Bits of a NAL unit's or descriptor's payload, most significant first, with the codes that H.26x uses.
#pragma once

#include <cstdint>
#include <span>

#include "base/media/access_unit.h"

namespace camctl::media {

// Reads past the end give zeros and set overrun(): parsers check it once, at the points where a value
// matters.
class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> data) : data_(data) {}

  std::uint32_t bit() { return bits(1); }
  bool flag() { return bits(1) != 0; }
  std::uint32_t bits(unsigned count);  // 0 to 32
  void skip(std::size_t count);
  // Unsigned and signed Exp-Golomb codes (ISO 14496-10 §9.1); a code longer than 32 bits counts as overrun.
  std::uint32_t ue();
  std::int32_t se();

  bool overrun() const { return overrun_; }
  std::size_t bits_left() const { return data_.size() * 8 - position_; }

 private:
  std::span<const std::uint8_t> data_;
  std::size_t position_ = 0;  // in bits, never beyond the end
  bool overrun_ = false;
};

// The payload with emulation prevention bytes (00 00 03) removed (ISO 14496-10 §7.4.1.1).
Bytes unescape(std::span<const std::uint8_t> nal);

}  // namespace camctl::media
