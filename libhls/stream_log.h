// What is worth a line in the log of all that happens to a camera: one that comes and goes, or loses packets,
// does so all day.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/media/stream_info.h"

namespace camctl::hls {

// Tracks for people: "h264 1920x1080, aac 16000 Hz".
std::string describe(const media::StreamInfo& info);

// A value without clock or thread: it is told what happened and says how to put it, or nothing where that has
// been said often enough. What was left out is counted in the next line.
class StreamLog {
 public:
  using Clock = std::chrono::steady_clock;

  // So many losses are said within so much time.
  static constexpr std::size_t kMostLosses = 3;
  static constexpr std::chrono::minutes kRepeat{10};

  // An attempt has failed or a session ended, for this reason.
  std::optional<std::string> lost(const std::string& reason, Clock::time_point now);
  // Pictures come. False: nothing was said of the outage that this ends, so this need not be.
  bool live();
  // Pictures were missing in so many places since the stream object was made.
  std::optional<std::string> holes(std::uint64_t total, Clock::time_point now);

 private:
  std::string reason_;  // said last; empty: pictures have come since
  std::array<std::optional<Clock::time_point>, kMostLosses> said_{};  // a ring
  std::size_t next_ = 0;                                              // the oldest of them
  std::uint64_t unsaid_ = 0;                                          // since then
  bool end_is_news_ = true;  // something was said since pictures came last
  std::uint64_t holes_ = 0;
  std::optional<Clock::time_point> holes_said_;
};

}  // namespace camctl::hls
