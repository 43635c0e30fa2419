// Who watches a camera, told by who fetches its media.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace camctl::apps::serve {

// HTTP viewers come and go without saying so: one counts from its request until kViewerTime later.
// Thread-safe.
class Viewers {
 public:
  // Longer than a player takes between two segments of the usual 2 to 6 s.
  static constexpr std::chrono::seconds kViewerTime{15};
  // Beyond this, new viewers are not counted: a bound for whoever invents clients.
  static constexpr std::size_t kMaxViewers = 4096;

  using Clock = std::chrono::steady_clock;

  // `client` tells clients apart: a hash of address and user agent.
  void seen(std::uint64_t client, Clock::time_point now);
  unsigned count(Clock::time_point now);

 private:
  void forget(Clock::time_point now);

  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Clock::time_point> last_seen_;
};

}  // namespace camctl::apps::serve
