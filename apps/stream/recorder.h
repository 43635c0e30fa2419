// Runs one stream into one output until it ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "apps/common/app.h"
#include "apps/media/on_loop.h"
#include "apps/stream/output.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "libhls/stream.h"

namespace camctl::apps {

struct RecorderOptions {
  std::chrono::milliseconds duration{0};      // 0: without end
  std::chrono::milliseconds timeout{15'000};  // until the first picture
};

// The stream runs on `loop`; packaging and writing happen on the thread that calls run(), so that a slow disk
// or reader never holds up what comes from the camera.
class Recorder {
 public:
  Recorder(EventLoop& loop, media::SourceFactory source, const hls::StreamOptions& stream, Output& output,
           RecorderOptions options);

  // Until the duration is over, the source ends, `context.stop` is requested, or it fails. Before the first
  // picture a refusal ends it at once (kAuth, kNotFound, kUnsupported), anything else after the time-out;
  // once it was live, it waits for the camera to come back.
  Result<void> run(Context& context);

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> write_new();
  Result<void> check_start() const;
  bool is_over(const std::stop_token& stop) const;
  void end_stream();
  void show(ProgressLine& line) const;
  void wait();
  void wake();

  EventLoop& loop_;
  Output& output_;
  const RecorderOptions options_;
  std::mutex mutex_;  // guards news_
  std::condition_variable changed_;
  bool news_ = false;
  OnLoop<hls::Stream> stream_;
  std::shared_ptr<void> subscription_;

  const Clock::time_point started_ = Clock::now();
  std::optional<Clock::time_point> live_since_;
  std::uint64_t next_ = 0;  // number of the segment to write
  std::uint64_t lost_ = 0;  // segments that were gone before they could be written
  hls::MediaTime written_{};
};

}  // namespace camctl::apps
