// Plays one clip into one feed, in real time, over and over.
#pragma once

#include <chrono>
#include <random>
#include <vector>

#include "apps/simulate/clip.h"
#include "apps/simulate/pacer.h"
#include "librtsp/server.h"

namespace camctl::simulate {

// Plays only while somebody reads. Times go on from session to session, as a camera's clock does.
class ClipPlayer : public Pacer::Player {
 public:
  // `started` is the camera's start, which faults and timestamps count from.
  ClipPlayer(Pacer& pacer, ClipPtr clip, const MediaFaults& faults, std::chrono::seconds clock_skew,
             Pacer::Clock::time_point started);
  ~ClipPlayer() override;

  rtsp::Feed& feed() { return feed_; }
  const Clip& clip() const { return *clip_; }

  Pacer::Clock::time_point play(Pacer::Clock::time_point now) override;

 private:
  using Clock = Pacer::Clock;

  rtsp::FeedOptions feed_options(std::chrono::seconds clock_skew);
  void on_readers(std::size_t readers);
  void restart(Clock::time_point now);  // at the clip's first key frame
  void push_due(Clock::time_point now);
  media::Ticks time_of(const ClipUnit& unit, std::chrono::microseconds jump) const;
  std::chrono::milliseconds clock_skew(Clock::time_point now) const;
  std::chrono::microseconds jumped(Clock::time_point now) const;
  // When the silence that `now` lies in ends; `now` itself if it lies in none.
  Clock::time_point stalled_until(Clock::time_point now) const;
  Clock::time_point next_due() const;

  Pacer& pacer_;
  ClipPtr clip_;
  MediaFaults faults_;
  std::chrono::seconds clock_skew_;
  Clock::time_point started_;
  std::minstd_rand random_{1};  // the same losses in each run

  bool running_ = false, stalled_ = false;
  Clock::time_point origin_;  // when the present loop began
  std::size_t next_ = 0;      // index of the next unit
  std::vector<rtsp::FeedUnit> batch_;
  rtsp::Feed feed_;  // last: it calls on_readers()
};

}  // namespace camctl::simulate
