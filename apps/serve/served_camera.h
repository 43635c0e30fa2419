// One camera as serve shows it: its entry, its stream, who watches and who waits; and its further renditions,
// each of which is such a camera of its own.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apps/common/camera.h"
#include "apps/common/config.h"
#include "apps/serve/live/live_hub.h"
#include "apps/serve/tiers/tiers.h"
#include "apps/serve/viewers.h"
#include "apps/serve/wait_list.h"
#include "base/event_loop.h"
#include "libhls/ll_playlist.h"
#include "libhls/spool.h"
#include "libhls/stream.h"

namespace camctl::apps::serve {

// What a stream is made from: it is restarted when this changes, and only then.
struct Recipe {
  std::string rtsp_url;  // without credentials
  Credentials credentials;
  StreamSettings settings;
  std::vector<std::string> renditions;  // addresses of those beside it
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

// A playlist as text, made once per state of the stream and shared by all who ask. Thread-safe.
class Playlist {
 public:
  explicit Playlist(std::string text);

  const hls::BodyPtr& body() const { return body_; }
  const std::string& etag() const { return etag_; }
  // Compressed when first asked for; null where that fails.
  const hls::BodyPtr& gzip_body() const;
  const std::string& gzip_etag() const { return gzip_etag_; }

 private:
  hls::BodyPtr body_;
  std::string etag_, gzip_etag_;
  mutable std::once_flag once_;
  mutable hls::BodyPtr gzip_;
};
using StatePtr = std::shared_ptr<const hls::WindowState>;
using PlaylistPtr = std::shared_ptr<const Playlist>;
enum class PlaylistKind : std::uint8_t { kTs, kFmp4, kMultivariant };

// What the renditions of a camera have in common, so that players can change between them.
struct Presentation {
  std::chrono::steady_clock::time_point origin = std::chrono::steady_clock::now();  // of their axis
  std::shared_ptr<hls::BreakCount> breaks = std::make_shared<hls::BreakCount>();
  // What their target duration must hold, where it is known (see gop_memory.h).
  std::optional<std::chrono::seconds> longest_gop = std::nullopt;
  bool times_are_placed = false;                   // of one that is made from another's units
  std::shared_ptr<hls::SpoolDisk> disk = nullptr;  // where those with dvr keep what is old
};

// Thread-safe.
class ServedCamera : public std::enable_shared_from_this<ServedCamera> {
 public:
  // Pinned to `loop`; `connection_loops` are those whose requests may wait for it.
  ServedCamera(EventLoop& loop, const std::vector<EventLoop*>& connection_loops, Camera camera, Recipe recipe,
               media::SourceFactory make_source, const Presentation& presentation = {});
  ~ServedCamera();  // on any thread; the loop must still run

  // Before start(): a rendition beside this, the main one, received on demand. It is started and stopped with
  // it.
  void add_rendition(std::string name, const std::shared_ptr<ServedCamera>& rendition);
  // Before start(): those that are transcoded from this one.
  void set_tiers(std::unique_ptr<Tiers> tiers) { tiers_ = std::move(tiers); }
  // Before start(): this is a rendition of `main`.
  void attach(std::string name, std::weak_ptr<ServedCamera> main);
  // This one for "main"; null: there is no such rendition.
  std::shared_ptr<ServedCamera> rendition(std::string_view name);

  void start();
  // Somebody wants its pictures. A camera that is received on demand is connected for at least kLinger from
  // now, and on as long as somebody waits or is joined to viewers(). Thread-safe, cheap.
  void wanted();
  // After the last viewer: players that change or reload come back in less.
  static constexpr std::chrono::seconds kLinger{10};
  // No more connecting; the window stays readable.
  void stop();

  std::shared_ptr<const Camera> camera() const;
  void set_camera(Camera camera);  // all but what its recipe holds
  // The camera has another address, or other credentials: goes on with what is received there. `recipe` has
  // the same settings as before, `make_source` is made from it. Renditions are moved one by one.
  void move(Camera camera, Recipe recipe, media::SourceFactory make_source);
  Recipe recipe() const;
  // Those beside this, the main one, with their names.
  std::vector<std::pair<std::string, std::shared_ptr<ServedCamera>>> renditions() const;

  hls::StreamStatus status() const { return stream_->status(); }
  // Why there is nothing to play: of a tier whose camera is away, the camera's.
  hls::StreamStatus source_status() const;
  // This is a tier, and the server transcodes as many as it may without it.
  bool may_not_transcode() const { return is_tier_ && status().cause == ErrorCode::kLimit; }
  // No segment lasts longer, in any rendition.
  std::chrono::seconds target_duration() const { return target_; }
  // Empty before the camera is known.
  std::vector<Tiers::Status> tiers() const;
  const hls::Stream& stream() const { return *stream_; }
  void want_newest() { stream_->wanted(); }  // see hls::Stream::wanted
  hls::Stream& stream() { return *stream_; }
  EventLoop& loop() const { return loop_; }  // the stream's
  // Null: there is nothing to list yet.
  PlaylistPtr playlist(PlaylistKind kind);
  // False while the multivariant playlist may still gain a rendition that is connecting for the first time.
  bool renditions_known();
  unsigned viewer_count();  // of all renditions
  // Seen so far, of all renditions; 0: none was whole.
  std::chrono::milliseconds longest_gop() const;
  // False: parts are switched off.
  bool low_latency() const { return recipe_.settings.part_duration.count() > 0; }
  // The low-latency playlist of a state that stream().state() has given, of one of its part targets; `skip`:
  // as a delta update. Null: there is nothing to list, or no such playlist.
  PlaylistPtr playlist(const StatePtr& state, std::size_t epoch, bool skip);
  WaitList& waiting() { return waiting_; }
  Viewers& viewers() { return viewers_; }
  LiveHub& live() { return *live_; }

 private:
  struct Rendition {
    std::string name;
    std::shared_ptr<ServedCamera> camera;
    // What was last known of it: it is listed while it is not connected, too. Guarded by mutex_.
    std::optional<hls::Variant> variant;
    std::uint64_t learned_at = 0;  // the number of the segment that was next then; on the loop
    std::shared_ptr<void> subscription;
  };

  Result<std::string> render(PlaylistKind kind);
  Result<std::string> render_multivariant();
  Result<hls::Variant> variant(std::string_view rendition) const;
  bool learn(Rendition& other);
  std::vector<hls::RenditionReport> reports();
  void begin_watch();
  void look_for_viewers();
  bool watched();

  EventLoop& loop_;
  Recipe recipe_;  // its settings never change; the rest is guarded by mutex_
  const bool is_tier_;
  std::chrono::seconds target_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const Camera> camera_;  // guarded by mutex_
  // Of what a playlist was rendered: the stream's generation, or the first and last of the listed segments.
  using Shown = std::array<std::uint64_t, 3>;
  Shown shown(PlaylistKind kind) const;
  struct Cached {
    Shown shown{};
    PlaylistPtr playlist;
  };
  std::array<Cached, 3> cache_;       // guarded by mutex_
  std::string rendition_name_;        // of this one
  std::weak_ptr<ServedCamera> main_;  // of a further rendition
  std::vector<Rendition> others_;     // of the main one; fixed by start()
  std::unique_ptr<Tiers> tiers_;      // of the main one; null: none
  std::atomic<std::chrono::steady_clock::time_point> connecting_since_{};
  struct CachedLowLatency {
    std::optional<std::uint64_t> version;  // of the state
    PlaylistPtr playlist;
  };
  std::array<std::array<CachedLowLatency, 2>, hls::PartPolicy::kMaxEpochs>
      low_latency_;                           // by epoch, by skip; guarded by mutex_
  std::atomic<std::uint64_t> generation_{1};  // counts the stream's changes
  std::unique_ptr<hls::Stream> stream_;
  std::shared_ptr<LiveHub> live_;
  std::atomic<std::chrono::steady_clock::time_point> wanted_at_{};
  std::atomic<bool> connected_{false};  // on demand; or about to be
  std::unique_ptr<Timer> look_;         // on the loop; null: not on demand, or stopped
  std::shared_ptr<void> subscription_;
  WaitList waiting_;
  Viewers viewers_;
};
using ServedCameraPtr = std::shared_ptr<ServedCamera>;

}  // namespace camctl::apps::serve
