// The breaks of a camera's renditions, in one numbering.
#pragma once

#include <atomic>
#include <cstdint>

namespace camctl::hls {

// RFC 8216 §6.2.4: variants of one presentation have matching Discontinuity Sequence Numbers. Each
// rendition's window signals its own breaks, and then those that others have signalled meanwhile.
// Thread-safe.
class BreakCount {
 public:
  std::uint64_t get() const { return count_; }
  // A rendition has signalled so many.
  void raise_to(std::uint64_t signalled) {
    auto known = count_.load();
    while (known < signalled && !count_.compare_exchange_weak(known, signalled)) {
    }
  }

 private:
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace camctl::hls
