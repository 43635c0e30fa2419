#include <pthread.h>

#include <cassert>
#include <thread>
#include <utility>

#include "libhls/ffmpeg/handoff.h"
#include "libhls/ffmpeg/reader.h"
#include "libhls/ffmpeg_source.h"

namespace camctl::hls {
namespace {

bool is_allowed(const FfmpegSourceOptions& options) {
  const auto& scheme = options.url.scheme;
  if (scheme == "file") return options.allow_files;
  return scheme == "rtsp" || scheme == "rtsps" || scheme == "http" || scheme == "https";
}

Result<void> receive(const FfmpegSourceOptions& options, Handoff& handoff) {
  if (!is_allowed(options))
    return fail(ErrorCode::kUnsupported, "addresses with " + options.url.scheme + ":// are not allowed here",
                "use rtsp, rtsps, http or https");
  return Reader(options, handoff).run();
}

class FfmpegSource final : public media::Source {
 public:
  explicit FfmpegSource(FfmpegSourceOptions options) : options_(std::move(options)) {}

  ~FfmpegSource() override {
    stop();
    if (thread_.joinable()) thread_.join();  // FFmpeg asks every 100 ms whether to go on
  }

  void start(EventLoop& loop, media::SourceSink& sink) override {
    assert(!handoff_);
    av::route_log();
    const bool live = options_.url.scheme.starts_with("rtsp");
    handoff_ =
        std::make_shared<Handoff>(loop, sink, live ? Handoff::WhenFull::kDrop : Handoff::WhenFull::kWait);
    thread_ = std::thread([options = options_, handoff = handoff_] {
      pthread_setname_np(pthread_self(), "ingest");
      handoff->end(receive(options, *handoff));
    });
  }

  void stop() override {
    if (handoff_) handoff_->close();
  }

 private:
  const FfmpegSourceOptions options_;
  std::shared_ptr<Handoff> handoff_;
  std::thread thread_;
};

}  // namespace

Url file_url(std::string_view path) {
  Url url;
  url.scheme = "file";
  url.target = percent_encode(path, "/");
  return url;
}

std::unique_ptr<media::Source> make_ffmpeg_source(FfmpegSourceOptions options) {
  return std::make_unique<FfmpegSource>(std::move(options));
}

}  // namespace camctl::hls
