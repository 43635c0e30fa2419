#include "apps/serve/served_camera.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/media/camera_source.h"
#include "apps/serve/hls_query.h"
#include "apps/serve/http/gzip.h"
#include "apps/serve/renditions.h"
#include "base/url.h"
#include "libhls/ll_playlist.h"

namespace camctl::apps::serve {
namespace {

// A rendition that has not been received within this is left out of the multivariant playlist for now.
constexpr std::chrono::seconds kLearn{3};

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

hls::StreamOptions options_of(const Camera& camera, const Recipe& recipe, const Presentation& presentation) {
  const auto url = Url::parse(recipe.rtsp_url);
  auto options = stream_options(camera.id, url ? *url : Url{}, recipe.settings);
  options.window.longest_gop = presentation.longest_gop.value_or(options.window.longest_gop);
  options.window.part_duration = recipe.settings.part_duration;
  if (recipe.settings.part_duration.count() > 0) options.window.listed_targets = hls::kListedForSkipping;
  if (recipe.settings.dvr.count() > 0 && presentation.disk) {
    options.window.dvr = recipe.settings.dvr;
    options.window.memory_bytes = static_cast<std::size_t>(recipe.settings.dvr_memory);
    // As long as it is listed, it can be had behind that (RFC 8216 §6.2.2).
    options.window.spool = presentation.disk->open(2 * recipe.settings.dvr);
  }
  options.origin = presentation.origin;
  options.window.breaks = presentation.breaks;
  options.times_are_placed = presentation.times_are_placed;
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
                           Recipe recipe, media::SourceFactory make_source, const Presentation& presentation)
    : loop_(loop),
      recipe_(std::move(recipe)),
      is_tier_(presentation.times_are_placed),
      waiting_(connection_loops) {
  auto options = options_of(camera, recipe_, presentation);
  target_ = hls::target_duration(options.window);
  stream_ = std::make_unique<hls::Stream>(loop, std::move(make_source), std::move(options));
  live_ = std::make_shared<LiveHub>(loop, *stream_, connection_loops);
  camera_ = std::make_shared<const Camera>(std::move(camera));
}

ServedCamera::~ServedCamera() {
  subscription_.reset();
  for (auto& other : others_) other.subscription.reset();
  loop_.post([stream = std::shared_ptr<hls::Stream>(std::move(stream_)), live = std::move(live_),
              look = std::shared_ptr<Timer>(std::move(look_))] {
    if (look) look->cancel();
    live->stop();
    stream->stop();
  });
}

void ServedCamera::attach(std::string name, std::weak_ptr<ServedCamera> main) {
  rendition_name_ = std::move(name);
  main_ = std::move(main);
}

void ServedCamera::add_rendition(std::string name, const ServedCameraPtr& rendition) {
  rendition->attach(name, weak_from_this());
  auto& other = others_.emplace_back();
  other.name = std::move(name);
  other.camera = rendition;
}

ServedCameraPtr ServedCamera::rendition(std::string_view name) {
  if (name == kMainRendition) return shared_from_this();
  const auto found = std::ranges::find(others_, name, &Rendition::name);
  if (found != others_.end()) return found->camera;
  return tiers_ ? tiers_->find(name, shared_from_this()) : nullptr;
}

hls::StreamStatus ServedCamera::source_status() const {
  auto status = stream_->status();
  const auto main = is_tier_ ? main_.lock() : nullptr;
  if (!main || status.state == hls::StreamState::kLive) return status;
  auto above = main->status();
  return hls::is_away(above.state) ? above : status;
}

std::vector<Tiers::Status> ServedCamera::tiers() const {
  const auto info = stream_->status().info;
  if (!tiers_ || !info || !info->video) return {};
  return tiers_->status(*info->video);
}

// By its first part, and better by each segment. True for the first.
bool ServedCamera::learn(Rendition& other) {
  const auto next = other.camera->stream_->state()->next_number;
  if (other.learned_at == next) return false;
  auto known = other.camera->variant(other.name);
  if (!known) return false;
  other.learned_at = next;
  const std::lock_guard lock(mutex_);
  const bool first = !other.variant;
  other.variant = std::move(*known);
  if (first) ++generation_;
  return first;
}

// How far the others are that are received now (RFC 8216bis §4.4.5.4).
std::vector<hls::RenditionReport> ServedCamera::reports() {
  const auto main = rendition_name_.empty() ? shared_from_this() : main_.lock();
  if (!main) return {};
  std::vector<hls::RenditionReport> result;
  const auto add = [&](std::string_view name, const ServedCamera& camera) {
    const auto state = camera.stream_->state();
    if (&camera == this || (state->segments.empty() && !state->open)) return;
    const auto uri = "../" + to_string({name, state->part_epoch}) + "/media.m3u8";
    result.push_back(hls::report_of(*state, state->part_epoch, uri));
  };
  add(kMainRendition, *main);
  for (const auto& other : main->others_) add(other.name, *other.camera);
  if (main->tiers_)
    for (const auto& tier : main->tiers_->made()) add(tier.name, *tier.camera);
  return result;
}

bool ServedCamera::renditions_known() {
  const bool patient = std::chrono::steady_clock::now() - connecting_since_.load() < kLearn;
  const std::lock_guard lock(mutex_);
  return !patient || std::ranges::all_of(others_, [](const Rendition& other) {
    return other.variant || hls::is_away(other.camera->status().state);
  });
}

unsigned ServedCamera::viewer_count() {
  const auto now = Viewers::Clock::now();
  auto count = viewers_.count(now);
  for (const auto& other : others_) count += other.camera->viewers().count(now);
  if (tiers_)
    for (const auto& tier : tiers_->made()) count += tier.camera->viewers().count(now);
  return count;
}

std::chrono::milliseconds ServedCamera::longest_gop() const {
  auto longest = stream_->status().longest_gop;
  for (const auto& other : others_) longest = std::max(longest, other.camera->longest_gop());
  return longest;
}

void ServedCamera::start() {
  connecting_since_ = std::chrono::steady_clock::now();
  for (auto& other : others_) {
    other.subscription = other.camera->stream_->subscribe([weak = weak_from_this(), &other] {
      const auto self = weak.lock();
      if (!self) return;
      if (self->learn(other)) self->waiting_.wake();
    });
    other.camera->start();
    // Once, so that the multivariant playlist can say what it is.
    if (!recipe_.settings.on_demand) other.camera->wanted();
  }
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
  connecting_since_ = wanted_at_.load();
  for (const auto& other : others_) other.camera->wanted();
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
  for (const auto& other : others_) {
    other.camera->stop();
    other.camera->waiting().wake();
  }
  if (tiers_) tiers_->stop();
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

Recipe ServedCamera::recipe() const {
  const std::lock_guard lock(mutex_);
  return recipe_;
}

void ServedCamera::move(Camera camera, Recipe recipe, media::SourceFactory make_source) {
  const auto url = Url::parse(recipe.rtsp_url).value_or(Url{});
  set_camera(std::move(camera));
  {
    const std::lock_guard lock(mutex_);
    recipe_.rtsp_url = std::move(recipe.rtsp_url);
    recipe_.credentials = std::move(recipe.credentials);
    recipe_.renditions = std::move(recipe.renditions);
  }
  loop_.post([self = shared_from_this(), url, make_source = std::move(make_source)]() mutable {
    self->stream_->move(std::move(make_source), url.host, url.effective_port());
  });
}

std::vector<std::pair<std::string, ServedCameraPtr>> ServedCamera::renditions() const {
  std::vector<std::pair<std::string, ServedCameraPtr>> result;
  for (const auto& other : others_) result.emplace_back(other.name, other.camera);
  return result;
}

Result<hls::Variant> ServedCamera::variant(std::string_view rendition) const {
  // The one media playlist is that of the parts that are made now.
  return stream_->variant(to_string({rendition, stream_->state()->part_epoch}) + "/media.m3u8");
}

Result<std::string> ServedCamera::render_multivariant() {
  auto main = variant(kMainRendition);
  if (!main) return fail(main.error());
  std::vector<hls::Variant> variants{std::move(*main)};
  for (const auto& other : others_)
    if (other.variant) variants.push_back(*other.variant);
  if (tiers_)
    for (auto& tier : tiers_->variants(variants.front(), target_)) variants.push_back(std::move(tier));
  return hls::multivariant_playlist(variants);
}

Result<std::string> ServedCamera::render(PlaylistKind kind) {
  switch (kind) {
    case PlaylistKind::kTs:
      return stream_->ts_playlist();
    case PlaylistKind::kFmp4:
      return stream_->fmp4_playlist();
    case PlaylistKind::kMultivariant:
      return render_multivariant();
  }
  return fail(ErrorCode::kInternal, "unknown kind of playlist");
}

// A new part changes the multivariant playlist alone: the others may be long.
ServedCamera::Shown ServedCamera::shown(PlaylistKind kind) const {
  if (kind == PlaylistKind::kMultivariant) return {generation_.load()};
  const auto state = stream_->state();
  if (state->classic.empty()) return {};
  return {state->classic.front()->number, state->classic.back()->number, state->ended};
}

PlaylistPtr ServedCamera::playlist(PlaylistKind kind) {
  // A change after this look makes the next request render anew.
  const auto now = shown(kind);
  const std::lock_guard lock(mutex_);
  auto& cached = cache_[static_cast<std::size_t>(kind)];
  if (cached.shown == now && cached.playlist) return cached.playlist;
  auto text = render(kind);
  if (!text) return nullptr;
  cached = {now, std::make_shared<const Playlist>(std::move(*text))};
  return cached.playlist;
}

PlaylistPtr ServedCamera::playlist(const StatePtr& state, std::size_t epoch, bool skip) {
  const std::lock_guard lock(mutex_);
  auto& cached = low_latency_[epoch][skip ? 1 : 0];
  if (cached.version == state->version) return cached.playlist;
  hls::LowLatencyView view;
  view.epoch = epoch;
  view.skip = skip;
  // Segments and parts have one address each, whichever playlist names them.
  const auto folder = fmt::format("../{}/", rendition_name_.empty() ? kMainRendition : rendition_name_);
  if (epoch > 0) view.prefix = folder;
  const auto others = reports();
  view.reports = others;
  auto text = hls::ll_media_playlist(*state, view);
  cached = {state->version, text ? std::make_shared<const Playlist>(std::move(*text)) : nullptr};
  return cached.playlist;
}

}  // namespace camctl::apps::serve
