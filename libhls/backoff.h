// When to try a lost camera again.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "base/result.h"

namespace camctl::hls {

// The schedule of one stream's reconnects. A value without clocks: the caller says what time it is.
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds kFirst{1000};    // a camera that has rebooted is found soon
  static constexpr std::chrono::milliseconds kLongest{4000};  // while there is hope
  static constexpr std::chrono::minutes kHope{5};             // longer than any camera's firmware update
  static constexpr std::chrono::seconds kRare{30};            // beyond that, where not even TCP answers
  static constexpr std::chrono::seconds kProbe{4};            // and a probe by TCP in between
  static constexpr std::chrono::minutes kRefused{5};  // cameras lock accounts; doubles up to kLongestRefused
  static constexpr std::chrono::minutes kLongestRefused{60};
  static constexpr std::chrono::seconds kUnsupported{60};  // until somebody changes the camera's settings
  // Each way, so that a site's cameras spread; after a refusal only upwards.
  static constexpr double kJitter = 0.25;

  explicit Backoff(std::uint32_t seed) : random_(seed) {}

  struct Next {
    std::chrono::milliseconds delay{};
    bool probe = false;  // probe each kProbe meanwhile, and try at once when it is answered
  };
  // After an attempt has failed, or a session has broken, for this reason.
  Next failed(ErrorCode reason, Clock::time_point now);
  // Whether the last probe was answered.
  void probed(bool answered) { host_answers_ = answered; }
  // Media came: all is well again.
  void succeeded();

 private:
  std::chrono::milliseconds jittered(std::chrono::milliseconds delay, double least = 1 - kJitter);

  std::minstd_rand random_;
  unsigned failures_ = 0, refusals_ = 0;
  bool host_answers_ = false;
  std::optional<Clock::time_point> lost_since_;
};

}  // namespace camctl::hls
