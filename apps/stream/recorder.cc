#include "apps/stream/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/common/clock_text.h"
#include "base/log.h"

namespace camctl::apps {
namespace {

using namespace std::chrono_literals;

constexpr auto kRefresh = 250ms;  // of the progress line; news wakes at once

double seconds(auto time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void Received::add(const hls::LiveUnit& live) {
  const bool video = live.unit->track == media::TrackKind::kVideo;
  if (!video && live.info->video) return;
  const auto rate = std::max(video ? live.info->video->clock_rate : live.info->audio->clock_rate, 1u);
  const auto length = hls::to_media_time(live.unit->duration, rate);
  const auto end = hls::to_media_time(live.unit->dts, rate) + length;
  // A jump that segments don't bridge either; the first unit jumps from zero.
  const bool jumped = end_ == hls::MediaTime{} || end - end_ > hls::Timeline::kLongestHole;
  const auto more = jumped ? length : end - end_;
  end_ = end;
  total_.store((total() + more).count(), std::memory_order_relaxed);
}

Recorder::Recorder(EventLoop& loop, media::SourceFactory source, const hls::StreamOptions& stream,
                   Output& output, RecorderOptions options)
    : loop_(loop),
      output_(output),
      id_(stream.id),
      options_(options),
      stream_(loop, loop, std::move(source), stream),
      subscription_(stream_->subscribe([this] { wake(); })),
      units_(stream_->subscribe_units([this](const hls::LiveUnit& live) {
        received_.add(live);
        if (options_.duration > 0ms && received_.total() >= options_.duration) wake();
      })) {
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
  const auto reason = stream_->status().reason;
  end_stream();
  if (auto written = write_new(); !written) return written;
  if (lost_ > 0)
    log::get().warn("{} lost because the output is too slow",
                    lost_ == 1 ? "1 segment was" : fmt::format("{} segments were", lost_));
  if (auto finished = output_.finish(*stream_); !finished) return finished;
  log_end();
  return context.stop.stop_requested() ? Result<void>() : check_complete(reason);
}

bool Recorder::is_over(const std::stop_token& stop) const {
  if (stop.stop_requested()) return true;
  if (options_.duration == 0ms || !live_since_) return false;
  if (received_.total() >= options_.duration) return true;
  const bool due = Clock::now() - *live_since_ >= options_.duration;
  return due && stream_->status().state != hls::StreamState::kLive;
}

Result<void> Recorder::check_complete(const std::string& reason) const {
  if (received_.total() >= options_.duration) return {};
  return fail(ErrorCode::kPartial,
              fmt::format("{}: only {:.1f} of {:.1f} s came{}", id_, seconds(written_),
                          seconds(options_.duration), reason.empty() ? "" : ": " + reason),
              "what came is kept");
}

void Recorder::log_end() const {
  const auto status = stream_->status();
  log::get().info("{}: stopped after {}: {} written, {} interruption{}, {} frames dropped", id_,
                  clock_text(Clock::now() - started_), clock_text(written()), status.reconnects,
                  status.reconnects == 1 ? "" : "s", status.dropped);
}

void Recorder::end_stream() {
  run_on(loop_, [this] { stream_->stop(); });
}

Result<void> Recorder::check_start() const {
  if (live_since_) return {};
  const auto status = stream_->status();
  const bool late = options_.timeout > 0ms && Clock::now() - started_ >= options_.timeout;
  if (!status.cause)
    return late ? fail(ErrorCode::kTimeout,
                       fmt::format("{}: no picture came within {:.1f} s", id_, seconds(options_.timeout)),
                       "check that the camera is on and its address right, or give --timeout more")
                : Result<void>();
  const auto cause = *status.cause;
  const bool hopeless =
      cause == ErrorCode::kAuth || cause == ErrorCode::kUnsupported || cause == ErrorCode::kNotFound;
  if (!hopeless && !late) return {};
  return fail(cause, status.reason,
              wants_credentials(status)
                  ? "give --user and --password-file, or credentials: in the configuration"
                  : "");
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
    line.show(
        fmt::format("{}  {}  {}", clock_text(written()), hls::name(status.state), printable(status.reason)));
    return;
  }
  line.show(fmt::format("{}  {} kbit/s  {:.1f} fps  {} dropped", clock_text(written()), status.bitrate_kbps,
                        status.fps, status.dropped + lost_));
}

}  // namespace camctl::apps
