#include "apps/serve/tiers/tier_source.h"

#include <utility>

#include "apps/serve/served_camera.h"

namespace camctl::apps::serve {
namespace {

// A longer group of pictures is not caught up with: that would take longer than the next key frame is away.
constexpr std::size_t kMaxCatchUp = 200;

class TierSource final : public media::Source {
 public:
  TierSource(std::weak_ptr<ServedCamera> main, std::shared_ptr<TranscodeSlots> slots)
      : main_(std::move(main)), slots_(std::move(slots)) {}

  ~TierSource() override { stop(); }

  void start(EventLoop& loop, media::SourceSink& sink) override {
    sink_ = &sink;
    // Not within start().
    loop.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) begin();
    });
  }

  void stop() override {
    alive_.reset();
    units_.reset();
    state_.reset();
    slot_.reset();
  }

  void set_hurry(bool hurry) override { hurry_ = hurry; }

 private:
  void begin() {
    const auto main = main_.lock();
    if (!main) return end({ErrorCode::kNetwork, "the camera was changed", {}});
    main->wanted();
    state_ = main->stream().subscribe([this] { look(); });
    look();
  }

  // At the main stream's state.
  void look() {
    const auto main = main_.lock();
    if (!main || !alive_) return;
    const auto status = main->status();
    if (status.state == hls::StreamState::kIdle) main->wanted();
    if (status.state == hls::StreamState::kLive) {
      if (!units_) follow(*main);
    } else if (units_) {
      end({ErrorCode::kNetwork, status.reason.empty() ? "the camera is connecting" : status.reason, {}});
    }
  }

  void follow(ServedCamera& main) {
    auto slot = slots_->take();
    if (!slot) return end(std::move(slot.error()));
    slot_ = std::move(*slot);
    units_ = main.stream().subscribe_units([this](const hls::LiveUnit& live) { take(live); });
    const auto gop = main.stream().newest_gop();
    if (gop.units.size() > kMaxCatchUp) return;
    for (const auto& unit : gop.units) take({unit, gop.info, gop.init_version});
  }

  void take(const hls::LiveUnit& live) {
    const auto main = main_.lock();
    if (!main || !alive_) return;
    main->wanted();
    if (hurry_) main->want_newest();
    const bool starts = live.unit->key && live.unit->track == media::TrackKind::kVideo;
    if (!info_ && !starts) return;
    if (!info_ || *info_ != *live.info) {
      info_ = live.info;
      sink_->on_stream(info_);
    }
    sink_->on_access_unit(*live.unit);
  }

  void end(Error error) {
    units_.reset();
    state_.reset();
    slot_.reset();
    sink_->on_end(fail(std::move(error)));
  }

  const std::weak_ptr<ServedCamera> main_;
  const std::shared_ptr<TranscodeSlots> slots_;
  media::SourceSink* sink_ = nullptr;
  bool hurry_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::shared_ptr<void> state_, units_;  // subscriptions
  std::shared_ptr<void> slot_;           // while it follows
  media::StreamInfoPtr info_;            // told last
};

}  // namespace

media::SourceFactory tier_source(std::weak_ptr<ServedCamera> main, std::shared_ptr<TranscodeSlots> slots) {
  return [main = std::move(main), slots = std::move(slots)] {
    return std::make_unique<TierSource>(main, slots);
  };
}

}  // namespace camctl::apps::serve
