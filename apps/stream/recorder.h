// Runs one stream into one output until it ends.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "apps/common/app.h"
#include "apps/media/on_loop.h"
#include "apps/stream/output.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "libhls/stream.h"

namespace camctl::apps {

struct RecorderOptions {
  std::chrono::milliseconds duration{0};  // 0: without end
  std::chrono::milliseconds timeout{0};   // until the first picture; 0: without limit
};

// How much video (or sound alone) has come. Outages don't count, what a recording holds does.
class Received {
 public:
  void add(const hls::LiveUnit& live);  // on one thread
  hls::MediaTime total() const { return hls::MediaTime(total_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<hls::MediaTime::rep> total_{0};
  hls::MediaTime end_{};  // of the newest unit
};

// The stream runs on `loop`; packaging and writing happen on the thread that calls run(), so that a slow disk
// or reader never holds up what comes from the camera.
class Recorder {
 public:
  Recorder(EventLoop& loop, media::SourceFactory source, const hls::StreamOptions& stream, Output& output,
           RecorderOptions options);

  // Until as much as was wanted has come, the source ends, `context.stop` is requested, or it fails. Before
  // the first picture a refusal ends it at once (kAuth, kNotFound, kUnsupported), anything else after the
  // time-out; once it was live, it waits for the camera to come back, with a duration just as long as that.
  // kPartial where less than the duration came.
  Result<void> run(Context& context);

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> write_new();
  Result<void> check_start() const;
  Result<void> check_complete(const std::string& reason) const;
  bool is_over(const std::stop_token& stop) const;
  void end_stream();
  void log_end() const;
  std::chrono::nanoseconds written() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(written_);
  }
  void show(ProgressLine& line) const;
  void wait();
  void wake();

  EventLoop& loop_;
  Output& output_;
  const std::string id_;  // for messages
  const RecorderOptions options_;
  std::mutex mutex_;  // guards news_
  std::condition_variable changed_;
  bool news_ = false;
  OnLoop<hls::Stream> stream_;
  Received received_;
  std::shared_ptr<void> subscription_, units_;

  const Clock::time_point started_ = Clock::now();
  std::optional<Clock::time_point> live_since_;
  std::uint64_t next_ = 0;  // number of the segment to write
  std::uint64_t lost_ = 0;  // segments that were gone before they could be written
  hls::MediaTime written_{};
};

}  // namespace camctl::apps
