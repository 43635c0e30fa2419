#include "apps/serve/tiers/transcode_slots.h"

#include <fmt/format.h>

#include <utility>

namespace camctl::apps::serve {
namespace {

class CountedSource final : public media::Source {
 public:
  CountedSource(std::unique_ptr<media::Source> source, std::shared_ptr<void> slot)
      : source_(std::move(source)), slot_(std::move(slot)) {}

  void start(EventLoop& loop, media::SourceSink& sink) override { source_->start(loop, sink); }
  void set_hurry(bool hurry) override { source_->set_hurry(hurry); }
  void stop() override {
    source_->stop();
    slot_.reset();
  }

 private:
  const std::unique_ptr<media::Source> source_;
  std::shared_ptr<void> slot_;
};

}  // namespace

void TranscodeSlots::set_limit(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  limit_ = limit;
}

std::size_t TranscodeSlots::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

std::size_t TranscodeSlots::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

Result<std::shared_ptr<void>> TranscodeSlots::take() {
  const std::lock_guard lock(mutex_);
  if (taken_ >= limit_)
    return fail(ErrorCode::kLimit,
                fmt::format("this server already transcodes as many streams as it may ({})", limit_));
  return occupy();
}

std::shared_ptr<void> TranscodeSlots::occupy() {
  ++taken_;
  return {this, [self = shared_from_this()](void*) {
            const std::lock_guard lock(self->mutex_);
            --self->taken_;
          }};
}

media::SourceFactory TranscodeSlots::counted(media::SourceFactory factory) {
  return [self = shared_from_this(), factory = std::move(factory)] {
    const std::lock_guard lock(self->mutex_);
    return std::make_unique<CountedSource>(factory(), self->occupy());
  };
}

}  // namespace camctl::apps::serve
