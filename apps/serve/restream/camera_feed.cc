#include "apps/serve/restream/camera_feed.h"

#include <fmt/format.h>

#include <utility>

namespace camctl::apps::serve {
namespace {

bool is_live(const hls::Stream& stream) {
  return stream.status().state == hls::StreamState::kLive && !stream.window().ended;
}

}  // namespace

CameraFeed::CameraFeed(EventLoop& rtsp_loop, const ServedCameraPtr& camera)
    : rtsp_loop_(rtsp_loop), stream_loop_(camera->loop()), camera_(camera) {}

Result<rtsp::Feed*> CameraFeed::feed() {
  const auto camera = camera_.lock();
  if (!camera || closed_) return fail(ErrorCode::kNotFound, "there is no such camera (any more)");
  const auto status = camera->status();
  if (status.state == hls::StreamState::kConnecting || status.state == hls::StreamState::kIdle)
    return fail(ErrorCode::kTimeout, fmt::format("camera {} is connecting", camera->camera()->id));
  if (status.state != hls::StreamState::kLive || !status.info)
    return fail(ErrorCode::kNetwork, fmt::format("camera {} is {}: {}", camera->camera()->id,
                                                 hls::name(status.state), status.reason));
  if (feed_ && *info_ == *status.info) return feed_.get();
  feed_.reset();
  info_ = status.info;
  rtsp::FeedOptions options;
  options.on_readers = [this](std::size_t readers) { on_readers(readers); };
  feed_ = std::make_unique<rtsp::Feed>(info_, std::move(options));
  return feed_.get();
}

void CameraFeed::close() {
  closed_ = true;
  end_readers();
}

void CameraFeed::end_readers() {
  feed_.reset();
  on_readers(0);
}

void CameraFeed::on_readers(std::size_t readers) {
  const auto camera = camera_.lock();
  while (camera && presence_.size() < readers) presence_.push_back(camera->viewers().join());
  presence_.resize(std::min(presence_.size(), readers));
  const bool wanted = readers > 0;
  if (std::exchange(following_, wanted) == wanted) return;
  stream_loop_.post([self = shared_from_this(), wanted] {
    const auto still = self->camera_.lock();
    if (wanted && still)
      self->follow(still->stream());
    else
      self->unfollow();
  });
}

// Whoever comes first begins with the newest group of pictures; the feed has it for those who come later.
void CameraFeed::follow(hls::Stream& stream) {
  units_subscription_ = stream.subscribe_units([weak = weak_from_this()](const hls::LiveUnit& live) {
    if (const auto self = weak.lock()) self->take(live);
  });
  state_subscription_ = stream.subscribe([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_at_state();
  });
  const auto gop = stream.newest_gop();
  for (const auto& unit : gop.units) take({unit, gop.info, gop.init_version});
  look_at_state();
}

void CameraFeed::unfollow() {
  units_subscription_.reset();
  state_subscription_.reset();
  pending_.clear();
}

void CameraFeed::take(const hls::LiveUnit& live) {
  pending_.push_back(live);
  if (std::exchange(flush_posted_, true)) return;
  // All that was read at once is sent at once.
  stream_loop_.post([self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->pending_.empty()) return;
    self->rtsp_loop_.post([self, units = std::exchange(self->pending_, {})] { self->push(units); });
  });
}

// A camera that went away ends its readers, as it would if they read from it: they know what to do then.
void CameraFeed::look_at_state() {
  const auto camera = camera_.lock();
  if (camera && is_live(camera->stream())) return;
  rtsp_loop_.post([self = shared_from_this()] { self->end_readers(); });
}

void CameraFeed::push(const std::vector<hls::LiveUnit>& units) {
  std::vector<rtsp::FeedUnit> views;
  views.reserve(units.size());
  for (const auto& live : units) {
    if (!feed_) return;
    if (live.info != info_ && *live.info != *info_) return end_readers();  // another description is due
    views.push_back({live.unit->track, live.unit->key, live.unit->pts, live.unit->data, live.unit});
  }
  feed_->push(views);
}

}  // namespace camctl::apps::serve
