// Sources that libavformat reads: the fallback for what librtsp does not speak, files, and transcoding.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/media/source.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/url.h"

namespace camctl::hls {

struct FfmpegSourceOptions {
  Url url;                   // rtsp, rtsps, http, https; file only where allow_files
  Credentials credentials;   // used for url.host only
  bool allow_files = false;  // never for addresses that came by API or from a device
  bool loop_file = false;    // start again at a file's end
  enum class Transport : std::uint8_t { kAuto, kTcp, kUdp } transport = Transport::kAuto;
  std::chrono::milliseconds timeout{5000};  // for connecting and for silence inside libavformat
};

// The address of a local file, for `url` above. `path` may be relative.
Url file_url(std::string_view path);

// Reads on a thread of its own and posts to the loop. A file comes as quickly as the loop takes it, except
// with `loop_file`: then in real time by its timestamps, which go on growing. Stopping takes no time; the
// destructor waits for the thread, up to 0.1 s.
std::unique_ptr<media::Source> make_ffmpeg_source(FfmpegSourceOptions options);

// The original guide's transcode: the video of `inner` decoded, and encoded to H.264 by libavcodec on a
// thread of its own. Audio goes through as it is: where it is not AAC, Stream encodes it while somebody
// listens. Takes H.264, H.265 and Motion JPEG. Where the machine is too slow, pictures are dropped up to the
// next key frame, and a log line says so.
struct TranscodeOptions {
  std::uint32_t bitrate = 800'000, maxrate = 1'000'000;  // bit/s; both 0: see automatic_bitrate()
  std::chrono::milliseconds rate_buffer{2000};           // what may be spent at once, at the peak rate
  std::string encoder = "libx264";                       // see choose_encoder()
  std::string preset = "veryfast";                       // of x264
  std::uint16_t height = 0;                              // 0 or more than it has: as it is
  std::chrono::milliseconds key_interval{2000};          // a key frame each: segments are cut there
  // For a rendition beside its source: key frames also where the source has them, no lag behind it, and no
  // thread but one.
  bool beside_source = false;
  std::string name;  // of what is transcoded, for log lines
};
media::SourceFactory transcoded(media::SourceFactory inner, TranscodeOptions options);

// What pictures of this size look well with, in bit/s.
std::uint32_t automatic_bitrate(const media::VideoInfo& output);

// What `transcoded` will make of this video: its size and its parameter sets, as far as the encoder says them
// beforehand. Opens the encoder, which takes some milliseconds. kUnsupported where that can't be, kProtocol
// where `input` does not say its size.
Result<media::VideoInfo> transcoded_video(const media::VideoInfo& input, const TranscodeOptions& options);

}  // namespace camctl::hls
