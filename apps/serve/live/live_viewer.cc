#include "apps/serve/live/live_viewer.h"

#include <algorithm>
#include <utility>

namespace camctl::apps::serve {

void LiveViewer::on_open(std::function<void()> wake, std::function<void(CloseCode, std::string)> close) {
  wake_ = std::move(wake);
  close_ = std::move(close);
  start_();
}

void LiveViewer::on_end() {
  queue_.clear();
  wake_ = nullptr;
  close_ = nullptr;
  std::exchange(end_, [] {})();
}

void LiveViewer::finish(CloseCode code, const std::string& reason) {
  const auto close = close_;  // which may end this, and forget it
  if (close) close(code, reason);
}

void LiveViewer::deliver(std::span<const LiveChunkPtr> chunks, Clock::time_point now) {
  if (!wake_) return;
  for (const auto& chunk : chunks) {
    if (chunk->key) wait_for_key_ = false;
    if (wait_for_key_) continue;
    queue_.push_back({chunk, now});
    bytes_ += chunk->frame->size;
  }
  drop_old(now);
  const auto wake = wake_;  // which may end this, and forget it
  wake();
}

void LiveViewer::drop_old(Clock::time_point now) {
  if (queue_.empty() || (now - queue_.front().since <= kMaxBehind && bytes_ <= kMaxQueued)) return;
  const auto newest_key =
      std::find_if(queue_.rbegin(), queue_.rend(), [](const Queued& one) { return one.chunk->key; });
  // From the newest key frame on, unless that is what waits for too long.
  auto keep = newest_key == queue_.rend() ? queue_.end() : std::prev(newest_key.base());
  if (keep == queue_.begin()) keep = queue_.end();
  for (auto it = queue_.begin(); it != keep; ++it) bytes_ -= it->chunk->frame->size;
  queue_.erase(queue_.begin(), keep);
  wait_for_key_ = queue_.empty();
}

hls::BodyPtr LiveViewer::next() {
  if (queue_.empty()) return nullptr;
  const auto chunk = queue_.front().chunk;
  if (init_ != chunk->init) {
    init_ = chunk->init;
    return init_->frames;
  }
  queue_.pop_front();
  bytes_ -= chunk->frame->size;
  return chunk->frame;
}

}  // namespace camctl::apps::serve
