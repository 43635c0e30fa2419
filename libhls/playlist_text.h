// Pieces of text that all kinds of playlists share.
#pragma once

#include <chrono>
#include <string>

#include "libhls/timeline.h"

namespace camctl::hls {

// EXT-X-PROGRAM-DATE-TIME's value (RFC 8216bis §4.4.4.6), with milliseconds.
std::string playlist_date(std::chrono::system_clock::time_point time);

inline double seconds(MediaTime time) { return std::chrono::duration<double>(time).count(); }

}  // namespace camctl::hls
