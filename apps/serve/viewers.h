// Who watches a camera, told by who fetches its media.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace camctl::apps::serve {

// Those who fetch playlists and segments come and go without saying so: one counts from its request until
// kViewerTime later. Connections that carry media are joined and left.
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
  // One more, who says when it goes: as long as the handle lives, which may be longer than this object.
  std::shared_ptr<void> join();
  unsigned count(Clock::time_point now);
  unsigned joined() const { return *joined_; }

 private:
  void forget(Clock::time_point now);

  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Clock::time_point> last_seen_;
  std::shared_ptr<std::atomic<unsigned>> joined_ = std::make_shared<std::atomic<unsigned>>(0);
};

}  // namespace camctl::apps::serve
