#include "apps/serve/live/live_hub.h"

#include <utility>

namespace camctl::apps::serve {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

LiveHub::LiveHub(EventLoop& stream_loop, hls::Stream& stream, std::vector<EventLoop*> loops)
    : loop_(stream_loop), stream_(&stream), members_(loops.size()) {
  for (auto* loop : loops) {
    groups_.push_back(std::make_shared<Group>());
    groups_.back()->loop = loop;
  }
}

std::shared_ptr<void> LiveHub::join(const std::shared_ptr<LiveViewer>& viewer, unsigned loop_index) {
  loop_.post([self = shared_from_this(), viewer, loop_index] { self->admit(viewer, loop_index); });
  return {nullptr, [self = shared_from_this(), loop_index](void*) {
            self->loop_.post([self, loop_index] { self->leave(loop_index); });
          }};
}

void LiveHub::admit(const std::shared_ptr<LiveViewer>& viewer, unsigned loop_index) {
  if (viewers_++ == 0) begin();
  ++members_[loop_index];
  const auto group = groups_[loop_index];
  if (!stream_) {
    return group->loop->post([viewer] { viewer->finish(CloseCode::kRestart, "the camera was changed"); });
  }
  // What is still to be posted comes to this viewer by its group.
  auto start = std::make_shared<Chunks>(gop_);
  if (!start->empty()) start->resize(start->size() - std::min(start->size(), pending_.size()));
  group->loop->post([group, viewer, start] {
    std::erase_if(group->viewers, [](const auto& one) { return one.expired(); });
    group->viewers.push_back(viewer);
    viewer->deliver(*start, Clock::now());
  });
}

void LiveHub::leave(unsigned loop_index) {
  --members_[loop_index];
  if (--viewers_ > 0) return;
  subscription_.reset();
  gop_.clear();
  pending_.clear();
  gop_bytes_ = 0;
  init_.reset();
}

void LiveHub::begin() {
  if (!stream_) return;
  stream_->wanted();
  subscription_ = stream_->subscribe_units([this](const hls::LiveUnit& live) { take(live); });
  if (stream_->status().state != hls::StreamState::kLive) return;
  const auto gop = stream_->newest_gop();
  for (const auto& unit : gop.units)
    if (const auto chunk = package({unit, gop.info, gop.init_version})) remember(chunk);
}

void LiveHub::take(const hls::LiveUnit& live) {
  stream_->wanted();  // as long as there are viewers
  const auto chunk = package(live);
  if (!chunk) return;
  remember(chunk);
  pending_.push_back(chunk);
  if (std::exchange(flush_posted_, true)) return;
  stream_->wanted();  // by these viewers, who say nothing themselves
  // All that was read at once goes out at once.
  loop_.post([self = shared_from_this()] { self->flush(); });
}

LiveChunkPtr LiveHub::package(const hls::LiveUnit& live) {
  if (!init_ || init_->version != live.init_version) {
    auto init = make_live_init(*live.info, live.init_version);
    if (!init) return nullptr;
    init_ = std::move(*init);
  }
  return make_live_chunk(live, init_, sequence_++);
}

void LiveHub::remember(const LiveChunkPtr& chunk) {
  if (chunk->key) {
    gop_.clear();
    gop_bytes_ = 0;
  } else if (gop_.empty()) {
    return;
  }
  gop_.push_back(chunk);
  gop_bytes_ += chunk->frame->size;
  if (gop_bytes_ > LiveViewer::kMaxQueued) gop_.clear();  // whoever comes now waits for a key frame
}

void LiveHub::flush() {
  flush_posted_ = false;
  const auto chunks = std::make_shared<const Chunks>(std::exchange(pending_, {}));
  if (chunks->empty()) return;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (members_[i] == 0) continue;
    groups_[i]->loop->post([group = groups_[i], chunks] {
      const auto now = Clock::now();
      for (const auto& one : std::vector(group->viewers))
        if (const auto viewer = one.lock()) viewer->deliver(*chunks, now);
    });
  }
}

void LiveHub::stop() {
  subscription_.reset();
  stream_ = nullptr;
  for (const auto& group : groups_) {
    group->loop->post([group] {
      for (const auto& one : std::exchange(group->viewers, {}))
        if (const auto viewer = one.lock()) viewer->finish(CloseCode::kRestart, "the camera was changed");
    });
  }
}

}  // namespace camctl::apps::serve
