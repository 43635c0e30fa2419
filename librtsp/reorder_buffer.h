// RTP packets that came by UDP, put back in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "base/media/nal.h"

namespace camctl::rtsp {

// Holds packets back while one before them is missing, for a moment only: what has not come by then is lost.
class ReorderBuffer {
 public:
  // On a home network packets overtake each other by a few places and milliseconds, if at all.
  static constexpr std::size_t kMostHeld = 64;
  static constexpr std::chrono::milliseconds kLongestWait{60};

  using Deliver = std::function<void(media::ByteView packet)>;
  explicit ReorderBuffer(Deliver deliver) : deliver_(std::move(deliver)) {}

  // Delivers what is in order now. Late duplicates are dropped.
  void push(media::ByteView packet, std::chrono::steady_clock::time_point arrival);

 private:
  struct Held {
    media::Bytes packet;
    std::chrono::steady_clock::time_point arrival;
  };
  void deliver_run();
  void deliver_first();

  Deliver deliver_;
  std::optional<std::int64_t> next_;  // extended sequence number
  std::map<std::int64_t, Held> held_;
};

}  // namespace camctl::rtsp
