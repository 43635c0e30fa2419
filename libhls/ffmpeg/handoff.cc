#include "libhls/ffmpeg/handoff.h"

#include <utility>

namespace camctl::hls {
namespace {

constexpr std::size_t kQuietUnits = 4;  // audio frames without video that wake the loop: 80 to 250 ms

}  // namespace

Handoff::Handoff(EventLoop& loop, media::SourceSink& sink, WhenFull when_full)
    : loop_(loop), sink_(sink), when_full_(when_full) {}

void Handoff::stream(media::StreamInfoPtr info) {
  has_video_ = info->video.has_value();
  push(std::move(info), true);
}

void Handoff::end(Result<void> reason) { push(std::move(reason), true); }

void Handoff::unit(media::AccessUnit unit) {
  if (!admit(unit)) return;
  const bool video = unit.track == media::TrackKind::kVideo;
  if (std::exchange(video ? video_gap_ : audio_gap_, false)) unit.gap_before = true;
  push(std::move(unit), video);
}

bool Handoff::admit(const media::AccessUnit& unit) {
  std::unique_lock lock(mutex_);
  if (when_full_ == WhenFull::kWait) changed_.wait(lock, [this] { return !open_ || has_room(); });
  if (!open_) return false;
  const bool can_resume = unit.key && (unit.track == media::TrackKind::kVideo || !has_video_);
  if (has_room() && (!dropping_ || can_resume)) {
    dropping_ = false;
    return true;
  }
  dropping_ = video_gap_ = audio_gap_ = true;
  ++dropped_;
  return false;
}

void Handoff::push(Event event, bool wake) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    if (const auto* unit = std::get_if<media::AccessUnit>(&event)) bytes_ += unit->data.size();
    queue_.push_back(std::move(event));
    if (posted_ || (!wake && ++quiet_ < kQuietUnits)) return;
    posted_ = true;
  }
  loop_.post([self = shared_from_this()] { self->drain(); });
}

void Handoff::drain() {
  std::vector<Event> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(queue_);
    bytes_ = quiet_ = 0;
    posted_ = false;
  }
  changed_.notify_all();
  for (auto& event : batch) {
    if (!open_) return;  // the sink has stopped the source
    deliver(event);
  }
}

void Handoff::deliver(Event& event) {
  if (auto* info = std::get_if<media::StreamInfoPtr>(&event)) {
    sink_.on_stream(std::move(*info));
  } else if (auto* unit = std::get_if<media::AccessUnit>(&event)) {
    sink_.on_access_unit(std::move(*unit));
  } else {
    open_ = false;
    sink_.on_end(std::move(std::get<Result<void>>(event)));
  }
}

void Handoff::sleep_until(std::chrono::steady_clock::time_point time) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, time, [this] { return !open_; });
}

void Handoff::close() {
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  changed_.notify_all();
}

}  // namespace camctl::hls
