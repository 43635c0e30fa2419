// Pictures decoded, scaled and encoded to H.264 by libavcodec, on the calling thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/ffmpeg/av.h"
#include "libhls/ffmpeg/h264_encoder.h"
#include "libhls/ffmpeg_source.h"

namespace camctl::hls {

class VideoTranscoder {
 public:
  // kUnsupported where libavcodec lacks the decoder or the encoder; kProtocol for parameter sets that can't
  // be read.
  static Result<VideoTranscoder> open(const media::VideoInfo& input, const TranscodeOptions& options);

  // The units that come out for one that goes in: none while the encoder looks ahead. Units that can't be
  // decoded are left out. An error means that encoding is impossible.
  Result<std::vector<media::AccessUnit>> transcode(const media::AccessUnit& unit);
  // What is still in decoder and encoder.
  Result<std::vector<media::AccessUnit>> flush();

  // The video that comes out; parameter sets are known once the first unit has come out.
  const media::VideoInfo& output() const { return output_; }

 private:
  VideoTranscoder(const media::VideoInfo& input, TranscodeOptions options);

  // What is to be said of a picture when it has become one of ours.
  struct Original {
    media::Ticks pts = 0, duration = 0;
    bool key = false;
    std::chrono::steady_clock::time_point arrival;
  };

  Result<void> open_decoder();
  Result<void> open_encoder(const AVFrame& picture);
  Result<void> decoded(std::vector<media::AccessUnit>& out);
  Result<void> encode(AVFrame& picture, std::vector<media::AccessUnit>& out);
  Result<void> drain(std::vector<media::AccessUnit>& out);
  Result<AVFrame*> scaled(AVFrame& picture);
  const Original* original(media::Ticks pts) const;
  bool is_key(media::Ticks pts) const;
  media::AccessUnit unit_of(const AVPacket& packet);

  media::VideoInfo input_, output_;
  TranscodeOptions options_;
  av::Ptr<AVCodecContext> decoder_;
  std::optional<H264Encoder> encoder_;
  av::Ptr<SwsContext> scaler_;
  av::Ptr<AVPacket> packet_;
  av::Ptr<AVFrame> picture_, scaled_;
  int source_width_ = 0, source_height_ = 0, source_format_ = -1;
  std::optional<media::Ticks> last_pts_, last_key_;
  std::chrono::steady_clock::time_point arrival_;
  std::deque<Original> originals_;  // of pictures between decoder and encoder, and some before
};

}  // namespace camctl::hls
