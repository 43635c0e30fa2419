#include "base/media/bit_reader.h"

#include <algorithm>

namespace camctl::media {

std::uint32_t BitReader::bits(unsigned count) {
  if (count > bits_left()) {
    overrun_ = true;
    position_ = data_.size() * 8;
    return 0;
  }
  std::uint32_t value = 0;
  while (count > 0) {
    const auto offset = static_cast<unsigned>(position_ % 8);
    const auto take = std::min(count, 8 - offset);
    const auto byte = static_cast<std::uint32_t>(data_[position_ / 8]);
    value = (value << take) | ((byte >> (8 - offset - take)) & ((1u << take) - 1));
    position_ += take;
    count -= take;
  }
  return value;
}

void BitReader::skip(std::size_t count) {
  if (count > bits_left()) {
    overrun_ = true;
    count = bits_left();
  }
  position_ += count;
}

std::uint32_t BitReader::ue() {
  unsigned zeros = 0;
  while (zeros < 32 && !overrun_ && bit() == 0) ++zeros;
  if (zeros >= 32) overrun_ = true;
  const auto rest = bits(zeros < 32 ? zeros : 0);
  return overrun_ ? 0 : ((1u << zeros) - 1) + rest;
}

std::int32_t BitReader::se() {
  const auto code = ue();
  const auto magnitude = static_cast<std::int32_t>(code / 2 + code % 2);
  return code % 2 != 0 ? magnitude : -magnitude;
}

Bytes unescape(std::span<const std::uint8_t> nal) {
  Bytes out;
  out.reserve(nal.size());
  unsigned zeros = 0;
  for (const auto byte : nal) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out.push_back(byte);
  }
  return out;
}

}  // namespace camctl::media
