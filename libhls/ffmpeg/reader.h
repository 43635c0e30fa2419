// One session with one address by libavformat, read to its end on the calling thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libhls/ffmpeg/av.h"
#include "libhls/ffmpeg/handoff.h"
#include "libhls/ffmpeg/normalize.h"
#include "libhls/ffmpeg_source.h"

namespace camctl::hls {

// What FFmpeg asks while it blocks: whether to give up. Also watches over redirects, since libavformat would
// take the credentials along to another host.
class Patience {
 public:
  Patience(const Handoff& handoff, std::chrono::milliseconds timeout)
      : handoff_(handoff), timeout_(timeout) {}

  void watch(AVFormatContext* context, bool redirects);
  void restart() { deadline_ = std::chrono::steady_clock::now() + timeout_; }
  bool timed_out() const { return timed_out_; }
  // Where the server wants us to go instead; empty: nowhere.
  const std::string& location() const { return location_; }

 private:
  static int ask(void* self);
  bool is_over();

  const Handoff& handoff_;
  const std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point deadline_;
  const AVFormatContext* context_ = nullptr;
  const char* url_ = nullptr;  // of the context when it was opened; only compared
  bool watch_redirects_ = false;
  bool timed_out_ = false;
  std::string location_;
};

class Reader {
 public:
  Reader(FfmpegSourceOptions options, Handoff& handoff);

  // Opens and reads until the end, a failure, or Handoff::close() (kCancelled).
  Result<void> run();

 private:
  bool is_file() const { return options_.url.scheme == "file"; }
  bool is_rtsp() const { return options_.url.scheme == "rtsp" || options_.url.scheme == "rtsps"; }

  Result<void> open();
  Result<void> open_input();
  Result<void> follow_redirect();
  Result<void> choose_streams();
  Result<void> read();
  Result<void> take(const AVPacket& packet);
  void announce();
  void deliver(media::AccessUnit unit);
  bool rewind();
  Result<void> ended() const;
  tl::unexpected<Error> failure(int averror) const;
  std::string doing() const;

  FfmpegSourceOptions options_;
  Handoff& handoff_;
  std::unique_ptr<Patience> patience_;
  av::Ptr<AVFormatContext> context_;
  int video_index_ = -1, audio_index_ = -1;
  std::optional<av::VideoTrack> video_;
  std::optional<av::AudioTrack> audio_;
  bool announced_ = false;
  bool video_seen_ = false;
  std::vector<media::AccessUnit> waiting_;  // before the announcement
  int redirects_ = 0;
  std::chrono::steady_clock::time_point opened_;

  // loop_file: where the repetition now playing stands on the axis of all.
  std::chrono::microseconds shift_{0}, end_{0};
  std::optional<std::chrono::microseconds> first_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace camctl::hls
