// How the C library's heap behaves in a program that keeps video in memory.
#pragma once

namespace camctl::os {

// Sets glibc's heap up for threads that store and free pictures all day. Call once, before they start.
// Does nothing with another C library.
void tune_heap_for_media();

}  // namespace camctl::os
