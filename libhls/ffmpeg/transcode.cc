#include <pthread.h>

#include <cassert>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "base/log.h"
#include "libhls/ffmpeg/handoff.h"
#include "libhls/ffmpeg/video_transcoder.h"
#include "libhls/ffmpeg_source.h"

namespace camctl::hls {
namespace {

using Clock = std::chrono::steady_clock;

// What may wait for the encoder. More means that it can't keep up: waiting longer would only add delay.
constexpr std::size_t kMaxUnits = 250;  // 3 s of 25 pictures and 43 audio frames a second
constexpr std::size_t kMaxBytes = 16u << 20;
constexpr std::chrono::seconds kComplainEvery{30};

// Units on their way to the encoder's thread.
class Inbox {
 public:
  using Event = std::variant<media::StreamInfoPtr, media::AccessUnit, Result<void>>;

  // The loop's thread. False where the unit was dropped.
  bool push(Event event) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto* unit = std::get_if<media::AccessUnit>(&event)) {
        if (!admit(*unit)) return false;
        bytes_ += unit->data.size();
      }
      queue_.push_back(std::move(event));
    }
    changed_.notify_one();
    return true;
  }

  // The encoder's thread: the next event; nothing once closed.
  std::optional<Event> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (closed_) return std::nullopt;
    auto event = std::move(queue_.front());
    queue_.pop_front();
    if (const auto* unit = std::get_if<media::AccessUnit>(&event)) bytes_ -= unit->data.size();
    return event;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_one();
  }

 private:
  // Audio is cheap and always goes through; video comes back with a key frame when half the queue is done.
  bool admit(const media::AccessUnit& unit) {
    if (unit.track != media::TrackKind::kVideo) return queue_.size() < 2 * kMaxUnits;
    if (queue_.size() >= kMaxUnits || bytes_ >= kMaxBytes) dropping_ = true;
    if (dropping_ && unit.key && queue_.size() < kMaxUnits / 2 && bytes_ < kMaxBytes / 2) dropping_ = false;
    return !dropping_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> queue_;
  std::size_t bytes_ = 0;
  bool dropping_ = false;
  bool closed_ = false;
};

// The encoder's thread: from inbox to handoff.
class Worker {
 public:
  Worker(TranscodeOptions options, Inbox& inbox, Handoff& handoff)
      : options_(std::move(options)), inbox_(inbox), handoff_(handoff) {}

  void run() {
    while (auto event = inbox_.pop()) {
      if (auto* end = std::get_if<Result<void>>(&*event)) return finish(std::move(*end));
      const auto done = std::holds_alternative<media::StreamInfoPtr>(*event)
                            ? begin(std::move(std::get<media::StreamInfoPtr>(*event)))
                            : take(std::move(std::get<media::AccessUnit>(*event)));
      if (!done) return handoff_.end(fail(done.error()));
    }
  }

 private:
  Result<void> begin(media::StreamInfoPtr info) {
    if (transcoder_)
      if (auto done = flush(); !done) return done;
    transcoder_.reset();
    announced_.reset();
    info_ = std::move(info);
    if (!info_->video) {
      handoff_.stream(info_);
      return {};
    }
    auto opened = VideoTranscoder::open(*info_->video, options_);
    if (!opened) return fail(opened.error());
    transcoder_.emplace(std::move(*opened));
    return {};
  }

  Result<void> take(media::AccessUnit unit) {
    if (unit.track != media::TrackKind::kVideo || !transcoder_) {
      if (announced_ || !transcoder_) handoff_.unit(std::move(unit));
      return {};
    }
    auto made = transcoder_->transcode(unit);
    return made ? deliver(std::move(*made)) : fail(made.error());
  }

  Result<void> deliver(std::vector<media::AccessUnit> units) {
    for (auto& unit : units) {
      if (announced_ != transcoder_->output()) announce();
      handoff_.unit(std::move(unit));
    }
    return {};
  }

  void announce() {
    announced_ = transcoder_->output();
    auto info = std::make_shared<media::StreamInfo>(*info_);
    info->video = announced_;
    handoff_.stream(std::move(info));
  }

  Result<void> flush() {
    auto rest = transcoder_->flush();
    return rest ? deliver(std::move(*rest)) : fail(rest.error());
  }

  void finish(Result<void> reason) {
    if (transcoder_)
      if (auto flushed = flush(); !flushed && reason) reason = flushed;
    handoff_.end(std::move(reason));
  }

  const TranscodeOptions options_;
  Inbox& inbox_;
  Handoff& handoff_;
  media::StreamInfoPtr info_;
  std::optional<VideoTranscoder> transcoder_;
  std::optional<media::VideoInfo> announced_;
};

class TranscodedSource final : public media::Source, private media::SourceSink {
 public:
  TranscodedSource(std::unique_ptr<media::Source> inner, TranscodeOptions options)
      : options_(std::move(options)), inner_(std::move(inner)) {}

  ~TranscodedSource() override {
    stop();
    if (thread_.joinable()) thread_.join();
  }

  void start(EventLoop& loop, media::SourceSink& sink) override {
    assert(!handoff_);
    av::route_log();
    sink_ = &sink;
    handoff_ = std::make_shared<Handoff>(loop, sink, Handoff::WhenFull::kWait);
    thread_ = std::thread([options = options_, inbox = inbox_, handoff = handoff_] {
      pthread_setname_np(pthread_self(), "transcode");
      Worker(options, *inbox, *handoff).run();
    });
    inner_->start(loop, *this);
  }

  void set_hurry(bool hurry) override { inner_->set_hurry(hurry); }

  void stop() override {
    inner_->stop();
    inbox_->close();
    if (handoff_) handoff_->close();
  }

 private:
  void on_stream(media::StreamInfoPtr info) override { inbox_->push(std::move(info)); }
  void on_end(Result<void> reason) override { inbox_->push(std::move(reason)); }

  void on_camera_clock(std::chrono::milliseconds offset) override { sink_->on_camera_clock(offset); }

  void on_access_unit(media::AccessUnit unit) override {
    if (inbox_->push(std::move(unit))) return;
    ++dropped_;
    const auto now = Clock::now();
    if (now - complained_ < kComplainEvery) return;
    complained_ = now;
    log::get().warn(
        "{}: transcoding can't keep up, {} picture{} dropped so far; try a faster preset or a smaller height",
        options_.name, dropped_, dropped_ == 1 ? "" : "s");
  }

  const TranscodeOptions options_;
  const std::unique_ptr<media::Source> inner_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::shared_ptr<Handoff> handoff_;
  media::SourceSink* sink_ = nullptr;
  std::thread thread_;
  std::uint64_t dropped_ = 0;
  Clock::time_point complained_{};
};

}  // namespace

media::SourceFactory transcoded(media::SourceFactory inner, TranscodeOptions options) {
  return [inner = std::move(inner), options = std::move(options)] {
    return std::make_unique<TranscodedSource>(inner(), options);
  };
}

}  // namespace camctl::hls
