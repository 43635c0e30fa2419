// Bit rate and frame rate over the last seconds.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace camctl::hls {

// Counts in slots of a second. Not thread-safe.
class RateMeter {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::int64_t kSlots = 5;  // seconds that are looked at

  void add(std::size_t bytes, bool frame, Clock::time_point now);

  struct Rates {
    std::uint32_t kbps = 0;
    double fps = 0;
  };
  // Zero once nothing came for kSlots seconds.
  Rates rates(Clock::time_point now) const;

 private:
  struct Slot {
    std::int64_t second = -1;
    std::uint64_t bytes = 0, frames = 0;
  };
  std::array<Slot, kSlots> slots_;
  Clock::time_point first_{};  // of what was measured without a pause
  Clock::time_point last_{};
};

}  // namespace camctl::hls
