// Carries what a source's own thread reads to the thread of its EventLoop: in order, bounded, with few
// wake-ups.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "base/event_loop.h"
#include "base/media/source.h"

namespace camctl::hls {

class Handoff : public std::enable_shared_from_this<Handoff> {
 public:
  // What to do with an access unit for which there is no room: a live camera's are dropped up to the next key
  // frame, a file waits.
  enum class WhenFull : std::uint8_t { kDrop, kWait };

  Handoff(EventLoop& loop, media::SourceSink& sink, WhenFull when_full);

  // Bounds of what waits for the loop; a loop that lets this pile up is seconds late.
  static constexpr std::size_t kMaxBytes = 16u << 20;  // 8 s of a camera at 16 Mbit/s
  static constexpr std::size_t kMaxUnits = 2000;       // 8 s of 60 pictures and 190 audio frames a second

  // The source's thread. Video wakes the loop; audio rides along, or wakes it when a few frames have
  // gathered.
  void stream(media::StreamInfoPtr info);
  void unit(media::AccessUnit unit);
  void end(Result<void> reason);
  // False once close() was called: the thread should end. Any thread.
  bool open() const { return open_; }
  // Sleeps, but not beyond close().
  void sleep_until(std::chrono::steady_clock::time_point time);
  std::uint64_t dropped() const { return dropped_; }

  // The loop's thread: nothing reaches the sink from here on, and a waiting unit() returns.
  void close();

 private:
  using Event = std::variant<media::StreamInfoPtr, media::AccessUnit, Result<void>>;

  bool has_room() const { return bytes_ < kMaxBytes && queue_.size() < kMaxUnits; }
  bool admit(const media::AccessUnit& unit);
  void push(Event event, bool wake);
  void drain();
  void deliver(Event& event);

  EventLoop& loop_;
  media::SourceSink& sink_;
  const WhenFull when_full_;
  std::atomic<bool> open_{true};
  std::atomic<std::uint64_t> dropped_{0};

  // The source's thread.
  bool has_video_ = false;
  bool dropping_ = false;   // up to the next key frame
  bool video_gap_ = false;  // the next unit of this track comes after a loss
  bool audio_gap_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Event> queue_;
  std::size_t bytes_ = 0;
  std::size_t quiet_ = 0;  // audio frames queued since the last wake-up
  bool posted_ = false;    // drain() is on its way
};

}  // namespace camctl::hls
