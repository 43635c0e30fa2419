// One of libavcodec's H.264 encoders, opened: x264, or hardware's where there is some.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/ffmpeg/av.h"

namespace camctl::hls {

struct H264EncoderSettings {
  std::string name = "libx264";  // as libavcodec calls it
  std::string preset;            // of x264; others ignore it
  std::uint16_t width = 0, height = 0;
  std::uint32_t clock_rate = 90'000;
  media::FrameRate frame_rate;  // a hint for the rate control; 0: 25 a second
  std::uint32_t bitrate = 0, maxrate = 0;
  std::chrono::milliseconds rate_buffer{2000};  // what may be spent at once, at the peak rate
  // Each picture comes out when it goes in, on the calling thread alone: what lives beside its source must
  // not lag behind it.
  bool immediate = false;
};

// Key frames come where a picture's type is AV_PICTURE_TYPE_I, as IDR pictures; there are no B-frames.
class H264Encoder {
 public:
  // kUnsupported where this machine or its libavcodec has no such encoder.
  static Result<H264Encoder> open(const H264EncoderSettings& settings);

  int width() const { return context_->width; }
  int height() const { return context_->height; }
  AVPixelFormat format() const { return format_; }  // of pictures that send() takes, in main memory
  // Annex B; empty where the encoder only says it within its pictures.
  const std::uint8_t* parameter_sets() const { return context_->extradata; }
  std::size_t parameter_sets_size() const { return static_cast<std::size_t>(context_->extradata_size); }

  // Null: no more will come. Negative: an AVERROR.
  int send(AVFrame* picture);
  // The next packet; as avcodec_receive_packet.
  int receive(AVPacket& packet) { return avcodec_receive_packet(context_.get(), &packet); }

 private:
  Result<void> use_device();

  av::Ptr<AVCodecContext> context_;
  AVPixelFormat format_ = AV_PIX_FMT_YUV420P;
  av::Ptr<AVFrame> uploaded_;  // of an encoder that only takes pictures in the device's memory
};

}  // namespace camctl::hls
