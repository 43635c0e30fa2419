// One timer for the players of all virtual cameras of a loop.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace camctl::simulate {

// Wakes players when they are due. Wake-ups closer than kShortestSleep fall together, so that hundreds of
// cameras cost two hundred wake-ups a second, not ten thousand. All calls on the loop's thread.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  class Player {
   public:
    virtual ~Player() = default;
    // Sends what is due; returns when to be called again. May not add or remove players.
    virtual Clock::time_point play(Clock::time_point now) = 0;
  };

  // `clock` tells the time; a test may have its own.
  explicit Pacer(EventLoop& loop, std::function<Clock::time_point()> clock = Clock::now)
      : timer_(loop), clock_(std::move(clock)) {}

  Clock::time_point now() const { return clock_(); }

  void add(Player& player, Clock::time_point due);
  void remove(Player& player);

  static constexpr std::chrono::milliseconds kShortestSleep{5};  // an eighth of a frame time

 private:
  struct Entry {
    Player* player;
    Clock::time_point due;
  };
  void arm();
  void run();

  Timer timer_;
  std::function<Clock::time_point()> clock_;
  std::vector<Entry> entries_;
  Clock::time_point last_run_{};
  Clock::time_point armed_{};  // what the timer is set to; zero: it is not
};

}  // namespace camctl::simulate
