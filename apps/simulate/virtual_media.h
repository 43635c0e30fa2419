// The media side of a virtual camera: an encoded moving picture, looped in real time and served over RTSP.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "librtsp/server.h"

namespace camctl::simulate {

class Pacer;
struct Clip;
using ClipPtr = std::shared_ptr<const Clip>;

// What one profile shows. The defaults are those of a camera's main stream.
struct PictureOptions {
  std::string name;  // drawn into the picture (printable ASCII; the rest shows as a box)
  media::Codec video = media::Codec::kH264;  // or kH265
  media::Codec audio = media::Codec::kAac;   // or kPcma, kPcmu; kUnknown: no audio
  std::uint16_t width = 1920, height = 1080;
  unsigned fps = 25, gop = 50;  // frames
  unsigned bitrate_kbps = 2000;
  friend bool operator==(const PictureOptions&, const PictureOptions&) = default;
};

// Makes looped clips, each once: equal options share one. Encoded pictures are kept in the cache folder, so
// that the next start is quick. All calls block (encoding 8 s of 1080p takes about a second of CPU) and are
// thread-safe: several clips may be made at once.
class ClipLibrary {
 public:
  // `cache`: a folder to keep encoded clips in; empty: no cache. It is created when needed; failing to write
  // to it costs time only.
  explicit ClipLibrary(std::filesystem::path cache = default_cache());
  ~ClipLibrary();

  // $XDG_CACHE_HOME/camctl/clips, else ~/.cache/camctl/clips; empty where there is neither.
  static std::filesystem::path default_cache();

  // A picture with the camera's name, a clock and moving noise that holds the bit rate; a beep each second.
  // kUnsupported where libavcodec here lacks the encoder.
  Result<ClipPtr> picture(const PictureOptions& options);
  // The same for many, on as many threads as there are cores; results in the order of `wanted`.
  std::vector<Result<ClipPtr>> pictures(std::span<const PictureOptions> wanted);

  // The first kMaxFileBytes of a video file, packets as they are: H.264 or H.265, and AAC or G.711 if it has
  // audio. kNotFound, kIo, kUnsupported (naming the codec).
  Result<ClipPtr> file(const std::filesystem::path& path);
  static constexpr std::size_t kMaxFileBytes = 256u << 20;  // it is held in memory

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a clip holds, for an ONVIF profile. Zero where a file does not say.
struct ClipSummary {
  media::Codec video = media::Codec::kUnknown, audio = media::Codec::kUnknown;
  std::uint16_t width = 0, height = 0;
  unsigned fps = 0, gop = 0, bitrate_kbps = 0;
  unsigned audio_sample_rate = 0, audio_channels = 0;
};
ClipSummary summary(const Clip& clip);

// A JPEG of the clip's first picture, for a snapshot URI. Made when the clip was.
std::string_view snapshot_jpeg(const Clip& clip);

// Misbehaviour on the media side. Zero: none. Each happens every so many seconds since the camera's start.
struct MediaFaults {
  std::chrono::milliseconds drop_every{0};        // all RTSP connections are closed
  std::chrono::milliseconds stall_every{0};       // nothing is sent…
  std::chrono::milliseconds stall_for{10'000};    // …for so long; timestamps go on behind it
  std::chrono::milliseconds jump_every{0};        // RTP timestamps leap…
  std::chrono::milliseconds jump_by{3'600'000};   // …by this much (may be negative)
  std::chrono::milliseconds clock_step_every{0};  // the wall clock in RTCP sender reports leaps…
  std::chrono::milliseconds clock_step_by{7000};  // …by this much (may be negative)
  double loss_percent = 0;                        // RTP packets lost, at random
};

struct VirtualMediaOptions {
  rtsp::ServerOptions rtsp;        // address, port, credentials
  std::vector<std::string> paths;  // "/live/channel0", "/live/channel1": one for each clip
  std::vector<ClipPtr> clips;      // the profiles; paths.size() of them
  MediaFaults faults;
  std::chrono::seconds clock_skew{0};  // of the wall clock in RTCP sender reports
};

// Plays the clips of any number of cameras of one loop in real time; wakes at most once each 5 ms for all of
// them, and not at all while nobody reads. All calls on the loop's thread.
class MediaPacer {
 public:
  explicit MediaPacer(EventLoop& loop);
  ~MediaPacer();  // after every VirtualMedia that uses it

 private:
  friend class VirtualMedia;
  std::unique_ptr<Pacer> pacer_;
};

// One camera's RTSP server and its players. All calls on the loop's thread.
//
// A clip plays only while it is read, and starts on a key frame; a further reader of the same profile gets
// the current group of pictures at once. RTP timestamps go on over the loop's seam.
class VirtualMedia {
 public:
  // Listens. kIo with the address when it can't.
  static Result<std::unique_ptr<VirtualMedia>> start(EventLoop& loop, MediaPacer& pacer,
                                                     VirtualMediaOptions options);
  ~VirtualMedia();  // closes every session

  std::uint16_t port() const;   // as bound, for options.rtsp.port == 0
  std::size_t readers() const;  // sessions that play, all profiles
  void close_connections();     // as a camera does that reboots
  const Clip& clip(std::size_t profile) const;

 private:
  struct Impl;
  explicit VirtualMedia(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::simulate
