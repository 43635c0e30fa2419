#include "apps/serve/served_camera.h"

#include <cmath>

#include "apps/media/camera_source.h"
#include "apps/serve/hls_query.h"
#include "apps/serve/http/gzip.h"
#include "base/url.h"
#include "libhls/ll_playlist.h"

namespace camctl::apps::serve {
namespace {

// Segments and parts have one address each, below this, whichever playlist names them.
constexpr std::string_view kMediaFolder = "../main/";

constexpr std::chrono::seconds kLook{1};  // for viewers of a camera on demand

// Caches keep segments for an hour, so a name must not come back after a restart. Segments last a second or
// more on average, so a number counted in seconds is ahead of all that went before; it fits 32 bits until
// 2160.
std::uint64_t first_number() {
  using namespace std::chrono;
  constexpr sys_days kEpoch = 2024y / January / 1;
  return static_cast<std::uint64_t>(
      std::max(floor<seconds>(system_clock::now()) - kEpoch, seconds(0)).count());
}

// A GOP known from the camera's own settings settles a target duration that it fits into.
hls::StreamOptions options_of(const Camera& camera, const Recipe& recipe) {
  const auto url = Url::parse(recipe.rtsp_url);
  auto options = stream_options(camera.id, url ? *url : Url{}, recipe.settings);
  for (const auto& profile : camera.profiles) {
    if (profile.rtsp_url != camera.rtsp_url || !profile.video || profile.video->fps < 1) continue;
    constexpr std::chrono::seconds kLongestTarget{
        10};  // beyond, cutting inside the GOP serves viewers better
    const std::chrono::seconds gop(std::llround(std::ceil(profile.video->gop / profile.video->fps)));
    options.window.longest_gop = std::max(options.window.longest_gop, std::min(gop, kLongestTarget));
  }
  options.window.part_duration = recipe.settings.part_duration;
  if (recipe.settings.part_duration.count() > 0) options.window.listed_targets = hls::kListedForSkipping;
  options.window.first_number = first_number();
  options.window.first_init_version = static_cast<std::uint32_t>(first_number());
  return options;
}

}  // namespace

Playlist::Playlist(std::string text) {
  etag_ = content_etag(text);
  gzip_etag_ = etag_;
  gzip_etag_.insert(gzip_etag_.size() - 1, "-gz");
  body_ = make_body(std::move(text));
}

const hls::BodyPtr& Playlist::gzip_body() const {
  std::call_once(once_, [this] {
    const auto& piece = body_->pieces.front();
    auto packed = gzip({reinterpret_cast<const char*>(piece.data()), piece.size()});
    if (!packed.empty()) gzip_ = make_body(std::move(packed));
  });
  return gzip_;
}

ServedCamera::ServedCamera(EventLoop& loop, const std::vector<EventLoop*>& connection_loops, Camera camera,
                           Recipe recipe, media::SourceFactory make_source)
    : loop_(loop),
      recipe_(std::move(recipe)),
      stream_(std::make_unique<hls::Stream>(loop, std::move(make_source), options_of(camera, recipe_))),
      live_(std::make_shared<LiveHub>(loop, *stream_, connection_loops)),
      waiting_(connection_loops) {
  camera_ = std::make_shared<const Camera>(std::move(camera));
}

ServedCamera::~ServedCamera() {
  subscription_.reset();
  loop_.post([stream = std::shared_ptr<hls::Stream>(std::move(stream_)), live = std::move(live_),
              look = std::shared_ptr<Timer>(std::move(look_))] {
    if (look) look->cancel();
    live->stop();
    stream->stop();
  });
}

void ServedCamera::start() {
  subscription_ = stream_->subscribe([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    ++self->generation_;
    self->waiting_.wake();
  });
  loop_.post([self = shared_from_this()] {
    if (!self->recipe_.settings.on_demand) return self->stream_->start();
    self->look_ = std::make_unique<Timer>(self->loop_);
    self->stream_->rest();
    if (self->connected_) self->begin_watch();  // wanted before it was started
  });
}

void ServedCamera::wanted() {
  if (!recipe_.settings.on_demand) return;
  wanted_at_ = std::chrono::steady_clock::now();
  if (connected_.exchange(true)) return;
  loop_.post([self = shared_from_this()] { self->begin_watch(); });
}

void ServedCamera::begin_watch() {
  if (!look_) return;
  stream_->start();
  look_for_viewers();
}

bool ServedCamera::watched() {
  const auto now = std::chrono::steady_clock::now();
  if (viewers_.joined() > 0 || waiting_.any()) wanted_at_ = now;
  return now - wanted_at_.load() < kLinger;
}

void ServedCamera::look_for_viewers() {
  const auto again = [this] {
    look_->after(kLook, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->look_for_viewers();
    });
  };
  if (watched()) return again();
  connected_ = false;
  // Whoever has come just now has either seen it connected, and is seen here, or begins anew behind this.
  if (!watched()) return stream_->rest();
  if (!connected_.exchange(true)) again();
}

void ServedCamera::stop() {
  loop_.post([self = shared_from_this()] {
    self->look_.reset();
    self->live_->stop();
    self->stream_->stop();
  });
}

std::shared_ptr<const Camera> ServedCamera::camera() const {
  const std::lock_guard lock(mutex_);
  return camera_;
}

void ServedCamera::set_camera(Camera camera) {
  auto shared = std::make_shared<const Camera>(std::move(camera));
  const std::lock_guard lock(mutex_);
  camera_ = std::move(shared);
}

Result<std::string> ServedCamera::render(PlaylistKind kind) const {
  switch (kind) {
    case PlaylistKind::kTs:
      return stream_->ts_playlist();
    case PlaylistKind::kFmp4:
      return stream_->fmp4_playlist();
    case PlaylistKind::kMultivariant:
      // The one media playlist is that of the parts that are made now.
      return stream_->multivariant_playlist(rendition_name({stream_->state()->part_epoch}) + "/media.m3u8");
  }
  return fail(ErrorCode::kInternal, "unknown kind of playlist");
}

PlaylistPtr ServedCamera::playlist(PlaylistKind kind) {
  // A change after this look makes the next request render anew.
  const auto generation = generation_.load();
  const std::lock_guard lock(mutex_);
  auto& cached = cache_[static_cast<std::size_t>(kind)];
  if (cached.generation == generation && cached.playlist) return cached.playlist;
  auto text = render(kind);
  if (!text) return nullptr;
  cached = {generation, std::make_shared<const Playlist>(std::move(*text))};
  return cached.playlist;
}

PlaylistPtr ServedCamera::playlist(const StatePtr& state, std::size_t epoch, bool skip) {
  const std::lock_guard lock(mutex_);
  auto& cached = low_latency_[epoch][skip ? 1 : 0];
  if (cached.version == state->version) return cached.playlist;
  hls::LowLatencyView view;
  view.epoch = epoch;
  view.skip = skip;
  if (epoch > 0) view.prefix = kMediaFolder;
  auto text = hls::ll_media_playlist(*state, view);
  cached = {state->version, text ? std::make_shared<const Playlist>(std::move(*text)) : nullptr};
  return cached.playlist;
}

}  // namespace camctl::apps::serve
