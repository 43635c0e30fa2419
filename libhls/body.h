// Bytes to send, as references to memory that others own: a response is written without copying media.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace camctl::hls {

// Immutable once built; copies share the memory.
struct Body {
  std::vector<std::span<const std::uint8_t>> pieces;  // in order; for writev
  std::vector<std::shared_ptr<const void>> owners;    // what keeps the pieces alive
  std::size_t size = 0;                               // sum of the pieces
};

using BodyPtr = std::shared_ptr<const Body>;

}  // namespace camctl::hls
