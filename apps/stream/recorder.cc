#include "apps/stream/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace camctl::apps {
namespace {

using namespace std::chrono_literals;

constexpr auto kRefresh = 250ms;  // of the progress line; news wakes at once

std::string clock_text(std::chrono::seconds time) {
  const auto total = time.count();
  return fmt::format("{:02}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

}  // namespace

Recorder::Recorder(EventLoop& loop, media::SourceFactory source, const hls::StreamOptions& stream,
                   Output& output, RecorderOptions options)
    : loop_(loop),
      output_(output),
      options_(options),
      stream_(loop, loop, std::move(source), stream),
      subscription_(stream_->subscribe([this] { wake(); })) {
  run_on(loop_, [this] { stream_->start(); });
}

void Recorder::wake() {
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  changed_.notify_one();
}

void Recorder::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kRefresh, [this] { return news_; });
  news_ = false;
}

Result<void> Recorder::run(Context& context) {
  const std::stop_callback stopping(context.stop, [this] { wake(); });
  ProgressLine line(context.common);
  while (!is_over(context.stop)) {
    wait();
    if (auto written = write_new(); !written) return written;
    if (!live_since_) {
      if (stream_->status().state == hls::StreamState::kLive) live_since_ = Clock::now();
      if (auto started = check_start(); !started) return started;
    }
    show(line);
    if (stream_->window().ended) break;
  }
  end_stream();
  if (auto written = write_new(); !written) return written;
  if (lost_ > 0) log::get().warn("{} segments were lost because the output is too slow", lost_);
  return output_.finish(*stream_);
}

bool Recorder::is_over(const std::stop_token& stop) const {
  if (stop.stop_requested()) return true;
  return options_.duration > 0ms && live_since_ && Clock::now() - *live_since_ >= options_.duration;
}

void Recorder::end_stream() {
  run_on(loop_, [this] { stream_->stop(); });
}

Result<void> Recorder::check_start() const {
  const auto status = stream_->status();
  if (live_since_ || !status.cause) return {};
  const auto cause = *status.cause;
  const bool hopeless =
      cause == ErrorCode::kAuth || cause == ErrorCode::kUnsupported || cause == ErrorCode::kNotFound;
  if (hopeless || Clock::now() - started_ >= options_.timeout) return fail(cause, status.reason);
  return {};
}

Result<void> Recorder::write_new() {
  for (const auto& segment : stream_->window().segments) {
    if (segment->number < next_) continue;
    lost_ += segment->number - next_;
    next_ = segment->number + 1;
    auto written = output_.write(*stream_, *segment);
    if (!written && written.error().code == ErrorCode::kNotFound)
      ++lost_;  // it went while the one before was written
    else if (!written)
      return written;
    else
      written_ += segment->duration;
  }
  return {};
}

void Recorder::show(ProgressLine& line) const {
  const auto status = stream_->status();
  if (status.state != hls::StreamState::kLive) {
    line.show(fmt::format("{}  {}  {}",
                          clock_text(std::chrono::duration_cast<std::chrono::seconds>(written_)),
                          hls::name(status.state), printable(status.reason)));
    return;
  }
  line.show(fmt::format("{}  {} kbit/s  {:.1f} fps  {} dropped",
                        clock_text(std::chrono::duration_cast<std::chrono::seconds>(written_)),
                        status.bitrate_kbps, status.fps, status.dropped + lost_));
}

}  // namespace camctl::apps
