// What this process takes of the system.
#pragma once

#include <cstddef>
#include <cstdint>

namespace camctl::os {

// 0 where the system does not say.
struct ProcessFigures {
  double cpu_seconds = 0;  // of all threads, in user and kernel mode
  double started = 0;      // seconds since 1970
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  std::size_t threads = 0;
  std::size_t open_descriptors = 0, max_descriptors = 0;
};

// Reads it now; some ten microseconds, and more with many open descriptors.
ProcessFigures process_figures();

}  // namespace camctl::os
