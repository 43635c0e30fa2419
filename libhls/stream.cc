#include "libhls/stream.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <utility>

#include "base/log.h"
#include "libhls/backoff.h"
#include "libhls/package_cache.h"
#include "libhls/placed_times.h"
#include "libhls/playlist.h"
#include "libhls/rate_meter.h"
#include "libhls/stream_log.h"
#include "libhls/subscriptions.h"
#include "libhls/tcp_probe.h"
#include "libhls/timeline.h"

namespace camctl::hls {
namespace {

using Clock = std::chrono::steady_clock;

// Silence that means a lost camera: this, or so many frame times for slow ones.
constexpr std::chrono::milliseconds kSilence{3000};
constexpr int kSilentFrames = 5;
constexpr std::chrono::seconds kLongestFrame{60};  // what a slow camera may make of one frame time
// For connecting, authentication and the first key frame together. The source's own time-outs are shorter.
constexpr std::chrono::seconds kFirstFrame{30};
constexpr std::chrono::seconds kWatch{1};  // how often silence is looked for
constexpr std::chrono::milliseconds kProbeLimit{2000};
// How long after a request the source hurries: longer than players of parts ever pause.
constexpr std::chrono::seconds kWantedFor{5};
// A clock that is off by less is worth no warning, and a change of less no line.
constexpr std::chrono::milliseconds kTolerableClock{5000};

StreamState state_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNetwork:
    case ErrorCode::kTimeout:
      return StreamState::kOffline;
    default:
      return StreamState::kError;
  }
}

// What HLS can't carry of these tracks; nothing where all is well.
Result<void> check_carried(const media::StreamInfo& info) {
  if (!info.video) return {};
  if (info.video->codec == media::Codec::kH264 || info.video->codec == media::Codec::kH265) return {};
  return fail(ErrorCode::kUnsupported,
              fmt::format("the camera's video is {}, which HLS can't carry", media::name(info.video->codec)),
              "set the camera to H.264, or transcode with --video-codec h264");
}

std::string one_line(const Error& error) {
  return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

}  // namespace

std::string_view name(StreamState state) {
  static constexpr std::string_view kNames[] = {"connecting", "live", "offline", "error", "idle"};
  return kNames[static_cast<std::size_t>(state)];
}

bool wants_credentials(const StreamStatus& status) {
  return status.cause == ErrorCode::kAuth &&
         (status.hint.empty() || status.hint.find("password") != std::string::npos);
}

class Stream::Impl final : public media::SourceSink {
 public:
  Impl(EventLoop& loop, media::SourceFactory make_source, StreamOptions options);
  ~Impl() override;

  void start();
  void rest();
  void move(media::SourceFactory make_source, std::string probe_host, std::uint16_t probe_port);
  void stop();
  StreamStatus status() const;
  void wanted();

  void on_stream(media::StreamInfoPtr info) override;
  void on_access_unit(media::AccessUnit unit) override;
  void on_camera_clock(std::chrono::milliseconds offset) override;
  void on_end(Result<void> reason) override;

  const StreamOptions options;
  Window window;
  PackageCache cache;
  Subscriptions subscriptions;
  SubscriptionsTo<const LiveUnit&> unit_subscriptions;

 private:
  void connect();
  void hurry();
  void mark_gap();
  void list_gaps();
  void watch();
  std::chrono::milliseconds patience() const;
  void begin_times_anew();
  void count(const media::AccessUnit& unit);
  void lose(const Error& error);
  void finish();
  void retry_after(const Backoff::Next& next);
  void probe(Clock::time_point attempt_at);
  void set_state(StreamState state, std::optional<ErrorCode> cause, std::string reason,
                 std::string hint = {});
  void log_loss(const Error& error);
  void listed(const Listed& news);

  EventLoop& loop_;

  // The loop's thread.
  media::SourceFactory make_source_;
  std::string probe_host_ = options.probe_host;
  std::uint16_t probe_port_ = options.probe_port;
  Timeline timeline_;
  PlacedTimes placed_times_;  // instead, with times_are_placed
  Backoff backoff_;
  TcpProbe probe_;
  Timer retry_, watchdog_, hurry_timer_, gap_timer_;
  std::unique_ptr<media::Source> source_;
  std::unique_ptr<media::Source> retired_;  // stopped; its thread may still be ending
  Clock::time_point heard_;                 // when the attempt began or the last unit of the main track came
  Clock::duration frame_time_{};            // longest of late between two of them; 0: not known
  bool live_ = false;                       // a unit came in this attempt
  bool has_video_ = false;
  bool drop_audio_ = false;
  bool ended_ = false;
  bool resting_ = true;
  StreamLog log_;
  std::chrono::milliseconds said_offset_{};  // of the camera's clock, when it was last logged

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is posted
  std::atomic<Clock::rep> wanted_at_{0};
  std::atomic<bool> hurried_{false};

  mutable std::mutex mutex_;  // guards what follows
  StreamStatus status_;
  RateMeter rates_;
};

Stream::Impl::Impl(EventLoop& loop, media::SourceFactory make_source, StreamOptions given)
    : options(std::move(given)),
      window(options.window),
      cache(window, {options.encode_audio, options.audio_bitrate}),
      loop_(loop),
      make_source_(std::move(make_source)),
      timeline_(options.origin.value_or(Clock::now())),
      backoff_(std::random_device{}()),
      probe_(loop),
      retry_(loop),
      watchdog_(loop),
      hurry_timer_(loop),
      gap_timer_(loop) {
  window.on_unit([this](const LiveUnit& live) { unit_subscriptions.notify(live); });
}

Stream::Impl::~Impl() {
  if (source_) source_->stop();
}

void Stream::Impl::start() {
  if (ended_ || !std::exchange(resting_, false)) return;
  set_state(StreamState::kConnecting, std::nullopt, {});
  connect();
}

void Stream::Impl::rest() {
  if (ended_) return;
  resting_ = true;
  retry_.cancel();
  watchdog_.cancel();
  probe_.cancel();
  if (source_) {
    source_->stop();
    retired_ = std::move(source_);
    begin_times_anew();
  }
  gap_timer_.cancel();
  window.clear();
  cache.clear();
  set_state(StreamState::kIdle, std::nullopt, {});
}

void Stream::Impl::move(media::SourceFactory make_source, std::string probe_host, std::uint16_t probe_port) {
  make_source_ = std::move(make_source);
  probe_host_ = std::move(probe_host);
  probe_port_ = probe_port;
  if (ended_ || resting_) return;
  backoff_.succeeded();  // what the old address did says nothing of the new one
  // Its thread, where it has one, gets its time to end.
  if (source_) return lose({ErrorCode::kNetwork, "the camera has another address now", {}});
  retry_.cancel();
  watchdog_.cancel();
  connect();
}

void Stream::Impl::stop() {
  retry_.cancel();
  gap_timer_.cancel();
  watchdog_.cancel();
  probe_.cancel();
  if (source_) source_->stop();
  if (retired_) retired_->stop();
  if (std::exchange(ended_, true)) return;
  if (const auto news = window.end())
    listed(news);
  else
    subscriptions.notify();
}

void Stream::Impl::connect() {
  probe_.cancel();
  retired_.reset();
  live_ = false;
  heard_ = Clock::now();
  frame_time_ = {};
  source_ = make_source_();
  source_->set_hurry(hurried_);
  source_->start(loop_, *this);
  watchdog_.after(kWatch, [this] { watch(); });
}

void Stream::Impl::wanted() {
  wanted_at_ = Clock::now().time_since_epoch().count();
  if (hurried_.exchange(true)) return;
  loop_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) hurry();  // the loop's thread is the one that destroys it
  });
}

// Until nobody has asked for a while.
void Stream::Impl::hurry() {
  const auto idle = Clock::now().time_since_epoch() - Clock::duration(wanted_at_);
  hurried_ = idle < kWantedFor;
  if (source_) source_->set_hurry(hurried_);
  if (hurried_) hurry_timer_.after(kWantedFor - idle, [this] { hurry(); });
}

void Stream::Impl::on_stream(media::StreamInfoPtr info) {
  if (!source_) return;  // of a session that was given up, as below
  if (auto carried = check_carried(*info); !carried) return lose(carried.error());
  drop_audio_ = info->audio && info->audio->codec != media::Codec::kAac && !options.encode_audio;
  if (drop_audio_) {
    auto video_only = std::make_shared<media::StreamInfo>(*info);
    video_only->audio.reset();
    info = std::move(video_only);
  }
  has_video_ = info->video.has_value();
  timeline_.set_info(*info);
  placed_times_.set_info(*info);
  const auto news = window.set_info(info);
  {
    const std::lock_guard lock(mutex_);
    status_.info = std::move(info);
  }
  listed(news);
}

void Stream::Impl::on_camera_clock(std::chrono::milliseconds offset) {
  {
    const std::lock_guard lock(mutex_);
    status_.clock_offset = offset;
  }
  if (std::chrono::abs(offset - said_offset_) <= kTolerableClock) return;
  said_offset_ = offset;
  const auto seconds = std::chrono::duration<double>(offset).count();
  if (std::chrono::abs(offset) <= kTolerableClock) {
    log::get().info("camera {}: its clock is right again", options.id);
  } else {
    log::get().warn("camera {}: its clock is {:.1f} s {}; times here are the server's", options.id,
                    std::abs(seconds), seconds < 0 ? "behind" : "ahead");
  }
}

void Stream::Impl::on_access_unit(media::AccessUnit unit) {
  if (!source_) return;
  if (drop_audio_ && unit.track == media::TrackKind::kAudio) return;
  count(unit);
  const bool first = !live_ && (unit.key || !has_video_);
  const std::optional<Break> broken =
      options.times_are_placed ? placed_times_.apply(unit) : timeline_.apply(unit);
  if (!broken) return;
  listed(window.push(std::move(unit), *broken));
  if (!first) return;
  live_ = true;  // only now: whoever hears of it finds the key frame
  backoff_.succeeded();
  set_state(StreamState::kLive, std::nullopt, {});
}

void Stream::Impl::begin_times_anew() {
  timeline_.reconnect();
  placed_times_.reconnect();
}

// Figures, and what the watchdog needs.
void Stream::Impl::count(const media::AccessUnit& unit) {
  const bool main = !has_video_ || unit.track == media::TrackKind::kVideo;
  // What comes by way of another stream may be older than this attempt.
  const auto arrival = options.times_are_placed ? Clock::now() : unit.arrival;
  if (main) {
    // Falls slowly and rises at once: frames come in bursts.
    const auto interval = std::min<Clock::duration>(arrival - heard_, kLongestFrame);
    if (live_) frame_time_ = std::max(interval, frame_time_ - frame_time_ / 16);
    heard_ = arrival;
  }
  const std::lock_guard lock(mutex_);
  rates_.add(unit.data.size(), main, arrival);
  if (!main) return;
  ++status_.frames;
  status_.last_frame = std::chrono::system_clock::now();
}

void Stream::Impl::listed(const Listed& news) {
  if (!news) return;
  cache.listed(*window.state());
  subscriptions.notify();
}

std::chrono::milliseconds Stream::Impl::patience() const {
  if (!live_) return kFirstFrame;
  return std::max(kSilence,
                  std::chrono::duration_cast<std::chrono::milliseconds>(frame_time_ * kSilentFrames));
}

void Stream::Impl::watch() {
  if (!source_) return;
  const auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - heard_);
  if (silent < patience()) {
    if (const auto line = log_.holes(window.counters().holes, Clock::now()))
      log::get().warn("camera {}: {}", options.id, *line);
    list_gaps();  // nothing but damaged key frames for long is an outage, too
    return watchdog_.after(kWatch, [this] { watch(); });
  }
  lose({ErrorCode::kTimeout,
        fmt::format("no frame came for {:.0f} s", std::chrono::duration<double>(silent).count()),
        live_ ? "" : "check that the camera is on and its address right"});
}

void Stream::Impl::on_end(Result<void> reason) {
  if (!source_) return;
  if (reason) return finish();
  lose(reason.error());
}

void Stream::Impl::finish() {
  set_state(StreamState::kOffline, std::nullopt, "the source has ended");
  stop();
}

void Stream::Impl::lose(const Error& error) {
  watchdog_.cancel();
  source_->stop();
  retired_ =
      std::move(source_);  // gone for good when the next attempt begins: it has nothing to wait for then
  const auto news = window.interrupt(Clock::now());
  begin_times_anew();
  {
    const std::lock_guard lock(mutex_);
    ++status_.reconnects;
  }
  log_loss(error);
  listed(news);  // first: whoever hears of the loss can have the last segment
  set_state(state_for(error.code), error.code, one_line(error), error.hint);
  live_ = false;
  mark_gap();
  retry_after(backoff_.failed(error.code, Clock::now()));
}

void Stream::Impl::retry_after(const Backoff::Next& next) {
  retry_.after(next.delay, [this] { connect(); });
  if (next.probe && !probe_host_.empty()) probe(Clock::now() + next.delay);
}

// Asks each Backoff::kProbe until the next attempt is due, and tries at once when there is an answer.
void Stream::Impl::probe(Clock::time_point attempt_at) {
  if (Clock::now() + Backoff::kProbe >= attempt_at) return;
  watchdog_.after(Backoff::kProbe, [this, attempt_at] {
    probe_.start(probe_host_, probe_port_, kProbeLimit, [this, attempt_at](bool answered) {
      backoff_.probed(answered);
      if (!answered) return probe(attempt_at);
      retry_.cancel();
      connect();
    });
  });
}

// A playlist with parts goes on while the camera is away (RFC 8216bis §6.2.2 wants a new version within one
// and a half target durations).
void Stream::Impl::mark_gap() {
  if (live_ || ended_ || options.window.part_duration.count() == 0) return;
  list_gaps();
  gap_timer_.after(kWatch, [this] { mark_gap(); });
}

void Stream::Impl::list_gaps() {
  if (options.window.part_duration.count() > 0) listed(window.mark_gap(Clock::now()));
}

void Stream::Impl::set_state(StreamState state, std::optional<ErrorCode> cause, std::string reason,
                             std::string hint) {
  {
    const std::lock_guard lock(mutex_);
    if (status_.state == state && status_.reason == reason) return;
    status_.state = state;
    status_.cause = cause;
    status_.reason = std::move(reason);
    status_.hint = std::move(hint);
    if (state == StreamState::kLive)
      log::get().log(log_.live() ? spdlog::level::info : spdlog::level::debug, "camera {}: live ({})",
                     options.id, status_.info ? describe(*status_.info) : "");
  }
  subscriptions.notify();
}

void Stream::Impl::log_loss(const Error& error) {
  const auto reason = one_line(error);
  const bool quiet = !options.log_first_losses && window.state()->segments.empty();
  if (const auto line = quiet ? std::nullopt : log_.lost(reason, Clock::now()))
    log::get().warn("camera {}: {}", options.id, *line);
  else
    log::get().debug("camera {}: {}", options.id, reason);
}

StreamStatus Stream::Impl::status() const {
  const auto counters = window.counters();
  const std::lock_guard lock(mutex_);
  auto result = status_;
  const auto rates = rates_.rates(Clock::now());
  result.bitrate_kbps = rates.kbps;
  result.fps = rates.fps;
  result.dropped = counters.dropped_units;
  result.holes = counters.holes;
  result.longest_gop = std::chrono::duration_cast<std::chrono::milliseconds>(counters.longest_gop);
  return result;
}

Stream::Stream(EventLoop& loop, media::SourceFactory make_source, StreamOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(make_source), std::move(options))) {}

Stream::~Stream() = default;

void Stream::start() { impl_->start(); }
void Stream::rest() { impl_->rest(); }
void Stream::move(media::SourceFactory make_source, std::string probe_host, std::uint16_t probe_port) {
  impl_->move(std::move(make_source), std::move(probe_host), probe_port);
}
void Stream::stop() { impl_->stop(); }
StreamStatus Stream::status() const { return impl_->status(); }
std::size_t Stream::window_bytes() const { return impl_->window.media_bytes(); }
void Stream::wanted() { impl_->wanted(); }
WindowState Stream::window() const { return *impl_->window.state(); }
NewestGop Stream::newest_gop() const { return impl_->window.newest_gop(); }
std::shared_ptr<const WindowState> Stream::state() const { return impl_->window.state(); }

Result<BodyPtr> Stream::ts_segment(std::uint64_t number) const {
  return impl_->cache.get(number, Container::kTs);
}
Result<BodyPtr> Stream::fmp4_segment(std::uint64_t number) const {
  return impl_->cache.get(number, Container::kFmp4);
}
Result<BodyPtr> Stream::part(std::uint64_t segment, std::uint64_t index) const {
  return impl_->cache.part(segment, index);
}
Result<BodyPtr> Stream::init_segment(std::uint32_t version) const { return impl_->cache.init(version); }

bool Stream::on_disk(std::uint64_t number) const {
  const auto segment = impl_->window.find(number);
  return segment && segment->on_disk;
}

Result<std::string> Stream::ts_playlist() const { return ts_media_playlist(*impl_->window.state()); }
Result<std::string> Stream::fmp4_playlist() const { return fmp4_media_playlist(*impl_->window.state()); }

Result<Variant> Stream::variant(std::string_view media_uri) const {
  const auto state = impl_->window.state();
  const SegmentHead* newest = state->segments.empty() ? state->open.get() : state->segments.back().get();
  if (newest == nullptr)
    return fail(ErrorCode::kNotFound, fmt::format("camera {} has no segment yet", impl_->options.id));
  const auto info = impl_->cache.packaged(*newest->info);
  return hls::variant(*state, info, media_uri);
}

std::shared_ptr<void> Stream::subscribe(std::function<void()> task) {
  return impl_->subscriptions.add(std::move(task));
}

std::shared_ptr<void> Stream::subscribe_units(std::function<void(const LiveUnit&)> task) {
  return impl_->unit_subscriptions.add(std::move(task));
}

}  // namespace camctl::hls
