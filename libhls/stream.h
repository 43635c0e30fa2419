// One camera as a stream that never dies: source, reconnects, timeline and window.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/media/source.h"
#include "base/result.h"
#include "libhls/body.h"
#include "libhls/playlist.h"
#include "libhls/window.h"

namespace camctl::hls {

enum class StreamState : std::uint8_t { kConnecting, kLive, kOffline, kError, kIdle };

// "connecting", "live", "offline", "error", "idle" as in `GET /api/cameras`.
std::string_view name(StreamState state);
// There will be no pictures for a while: it does not answer, or can't be shown.
constexpr bool is_away(StreamState state) {
  return state == StreamState::kOffline || state == StreamState::kError;
}

struct StreamStatus {
  StreamState state = StreamState::kConnecting;
  std::string reason;              // why not live, for a person; no secret in it; empty while live
  std::optional<ErrorCode> cause;  // the same for a program: kAuth, kTimeout, kUnsupported, …
  std::string hint;  // what the source says to try; the end of `reason`, empty where it says nothing
  std::uint32_t bitrate_kbps = 0;  // over the last seconds
  double fps = 0;
  std::chrono::system_clock::time_point last_frame;  // epoch: none yet
  std::uint64_t frames = 0, dropped = 0, reconnects = 0;
  std::uint64_t holes = 0;                   // places where packets were lost and pictures with them
  std::chrono::milliseconds longest_gop{0};  // with no picture lost in it; 0: none yet
  // What the camera's clock shows minus ours, where it says so (RTCP sender reports). Nothing depends on it.
  std::optional<std::chrono::milliseconds> clock_offset;
  media::StreamInfoPtr info;  // null before the first connection
};

// Whether it is for a user and password that the camera refuses, not for a wrong key of its TLS.
bool wants_credentials(const StreamStatus& status);

struct StreamOptions {
  std::string id;  // for log lines
  WindowOptions window;
  bool encode_audio = true;  // audio other than AAC is encoded to AAC while somebody listens; false: left out
  std::uint32_t audio_bitrate = 128'000;  // bit/s of that encoder
  // Where its axis begins: the renditions of a camera have one. Nothing: when the object is made.
  std::optional<std::chrono::steady_clock::time_point> origin;
  std::string probe_host;  // cheap TCP probe while the camera is away; empty: none
  std::uint16_t probe_port = 0;
  // Units come from another stream of the same axis: their times are right.
  bool times_are_placed = false;
  bool log_first_losses = true;  // false: who waits for the first picture says himself why none comes
};

// Owns the pipeline of one camera. start(), move(), stop() and the destructor run on the loop's thread, all
// else is thread-safe and never blocks on the network.
class Stream {
 public:
  Stream(EventLoop& loop, media::SourceFactory make_source, StreamOptions options);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start();
  // Nobody watches: ends the session and forgets what was received, until start() is called again. State idle
  // meanwhile. Nothing if it is stopped.
  void rest();
  // The camera is elsewhere now: what is received next comes from there, soon where it is being received or
  // tried; viewers see an interruption. `probe_host` as in the options.
  void move(media::SourceFactory make_source, std::string probe_host, std::uint16_t probe_port);
  // Ends the session and the playlist: the segment being built is listed as the last one. For good.
  void stop();

  StreamStatus status() const;
  // Of the media in the segments that are kept in memory, listed or not.
  std::size_t window_bytes() const;
  // The segments now listed.
  WindowState window() const;
  // What a viewer who comes now can begin with. That of the last session while the camera is away.
  NewestGop newest_gop() const;
  // The same, shared: for playlists with parts (ll_playlist.h). Never null.
  std::shared_ptr<const WindowState> state() const;

  // Somebody waits for the newest frames: for some seconds from now they are delivered with the least delay
  // (see media::Source::set_hurry). Cheap, to be called with each such request.
  void wanted();

  // Packaged on demand and shared by all who ask while the segment is listed; made again, with the same
  // bytes, for the few who ask for one that is delisted but still there. kNotFound: not (or no longer) there.
  // May take milliseconds of CPU (packaging, audio encoding), on the calling thread; never holds up the
  // loop's.
  Result<BodyPtr> ts_segment(std::uint64_t number) const;
  Result<BodyPtr> fmp4_segment(std::uint64_t number) const;
  Result<BodyPtr> part(std::uint64_t segment, std::uint64_t index) const;
  Result<BodyPtr> init_segment(std::uint32_t version) const;
  // Whether asking for this segment or its parts waits for a disk (WindowOptions::dvr).
  bool on_disk(std::uint64_t number) const;

  // RFC 8216 media playlists from one segmentation. kNotFound before the first segment. `prefix` goes before
  // each URI ("" for relative ones).
  Result<std::string> ts_playlist() const;
  Result<std::string> fmp4_playlist() const;
  // For a multivariant playlist that names `media_uri`. kNotFound before the first part or segment.
  Result<Variant> variant(std::string_view media_uri) const;

  // Calls `task` on the loop's thread after each new segment or part or change of state, until the returned
  // handle is destroyed (on any thread).
  std::shared_ptr<void> subscribe(std::function<void()> task);
  // Calls `task` within the loop for each access unit that viewers can decode, as it comes, until the handle
  // is destroyed. newest_gop() holds it already if it is a picture.
  std::shared_ptr<void> subscribe_units(std::function<void(const LiveUnit&)> task);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::hls
