#include "apps/media/fallback_source.h"

#include <utility>

#include "base/log.h"

namespace camctl::apps {
namespace {

class FallbackSource final : public media::Source, private media::SourceSink {
 public:
  FallbackSource(std::unique_ptr<media::Source> first, media::SourceFactory second,
                 std::shared_ptr<bool> use_second)
      : source_(std::move(first)), second_(std::move(second)), use_second_(std::move(use_second)) {}

  ~FallbackSource() override { stop(); }

  void start(EventLoop& loop, media::SourceSink& sink) override {
    loop_ = &loop;
    sink_ = &sink;
    source_->start(loop, *this);
  }

  void stop() override {
    *alive_ = false;
    if (source_) source_->stop();
  }

  void set_hurry(bool hurry) override {
    hurry_ = hurry;
    if (source_) source_->set_hurry(hurry);
  }

 private:
  void on_stream(media::StreamInfoPtr info) override { sink_->on_stream(std::move(info)); }
  void on_camera_clock(std::chrono::milliseconds offset) override { sink_->on_camera_clock(offset); }
  void on_access_unit(media::AccessUnit unit) override { sink_->on_access_unit(std::move(unit)); }

  void on_end(Result<void> reason) override {
    const bool unsupported = !reason && reason.error().code == ErrorCode::kUnsupported;
    if (!unsupported || !second_) return sink_->on_end(std::move(reason));
    *use_second_ = true;
    log::get().info("{}: libavformat receives it instead", reason.error().message);
    // Not from within a call of the source that is to be replaced.
    loop_->post([this, alive = alive_] {
      if (!*alive) return;
      source_ = std::exchange(second_, nullptr)();
      source_->set_hurry(hurry_);
      source_->start(*loop_, *this);
    });
  }

  std::unique_ptr<media::Source> source_;
  media::SourceFactory second_;  // empty once it is in use
  std::shared_ptr<bool> use_second_;
  EventLoop* loop_ = nullptr;
  media::SourceSink* sink_ = nullptr;
  bool hurry_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

media::SourceFactory with_fallback(media::SourceFactory first, media::SourceFactory second) {
  return [first = std::move(first), second = std::move(second),
          use_second = std::make_shared<bool>(false)]() -> std::unique_ptr<media::Source> {
    if (*use_second) return second();
    return std::make_unique<FallbackSource>(first(), second, use_second);
  };
}

}  // namespace camctl::apps
