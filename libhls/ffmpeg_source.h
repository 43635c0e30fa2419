// Sources that libavformat reads: the fallback for what librtsp does not speak, files, and transcoding.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/media/source.h"
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

// The original guide's transcode: decode `inner`, encode to H.264 (and AAC) with libavcodec.
struct TranscodeOptions {
  std::uint32_t bitrate = 800'000, maxrate = 1'000'000, audio_bitrate = 128'000;  // bit/s
  std::string preset = "veryfast";
  std::uint16_t height = 0;  // 0: as it is
};
media::SourceFactory transcoded(media::SourceFactory inner, TranscodeOptions options);

}  // namespace camctl::hls
