#include "base/os/heap.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace camctl::os {

// A quarter of the CPU of 50 cameras that nobody watches (bench/serve_idle --full) went into the defaults:
void tune_heap_for_media() {
#ifdef __GLIBC__
  // Each block above 64 KiB that is freed, a key frame, merges all the small ones of its arena.
  ::mallopt(M_MXFAST, 0);
  // Other threads' arenas grow a page at a time, each by a system call; the first one grows by M_TOP_PAD.
  constexpr int kTopPad = 1 << 20;
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TOP_PAD, kTopPad);
  // A mapping each would cost key frames fresh pages.
  constexpr int kLargestOnHeap = 32 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kLargestOnHeap);
#endif
}

}  // namespace camctl::os
