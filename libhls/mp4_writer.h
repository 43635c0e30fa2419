// Boxes of ISO 14496-12 written front to back; a box's size is filled in when its scope ends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/media/access_unit.h"

namespace camctl::hls {

class Mp4Writer {
 public:
  // Ends the box that it stands for when it goes out of scope.
  class [[nodiscard]] Box {
   public:
    Box(Mp4Writer& writer, std::size_t start) : writer_(writer), start_(start) {}
    ~Box() { writer_.patch_u32(start_, static_cast<std::uint32_t>(writer_.size() - start_)); }
    Box(const Box&) = delete;
    Box& operator=(const Box&) = delete;

   private:
    Mp4Writer& writer_;
    std::size_t start_;
  };

  // `type` has four characters (§4.2).
  Box box(std::string_view type) {
    const auto start = size();
    u32(0);
    text(type);
    return Box(*this, start);
  }
  Box full_box(std::string_view type, std::uint8_t version, std::uint32_t flags) {
    const auto start = size();
    u32(0);
    text(type);
    u32(std::uint32_t{version} << 24 | flags);
    return Box(*this, start);
  }

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void zeros(std::size_t count) { out_.resize(out_.size() + count); }
  void text(std::string_view text) { out_.insert(out_.end(), text.begin(), text.end()); }
  void bytes(const media::Bytes& bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void patch_u32(std::size_t at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i)
      out_[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }

  std::size_t size() const { return out_.size(); }
  media::Bytes take() { return std::exchange(out_, {}); }

 private:
  void number(std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(value >> shift));
  }

  media::Bytes out_;
};

}  // namespace camctl::hls
