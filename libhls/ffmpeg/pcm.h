// Decoding audio to samples, and encoding samples to AAC, by libavcodec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/ffmpeg/av.h"

namespace camctl::hls {

// Samples of each channel, of equal length.
struct Pcm {
  explicit Pcm(std::size_t channels) : channel(channels) {}

  std::size_t size() const { return channel.front().size(); }
  void silence(std::size_t samples);
  void drop_back(std::size_t samples);

  std::vector<std::vector<float>> channel;
};

// More channels are mixed down: no camera has them, and browsers differ.
inline constexpr std::uint16_t kMaxChannels = 2;

class AudioDecoder {
 public:
  // kUnsupported where libavcodec lacks the codec.
  static Result<AudioDecoder> open(const media::AudioInfo& info);
  // Appends what the frame decodes to, at the track's own sample rate; a broken frame adds nothing.
  void decode(std::span<const std::uint8_t> frame, Pcm& out);

 private:
  AudioDecoder() = default;
  bool prepare_converter(const AVFrame& frame);
  void append(const AVFrame& frame, Pcm& out);

  av::Ptr<AVCodecContext> context_;
  av::Ptr<SwrContext> converter_;
  av::Ptr<AVPacket> packet_;
  av::Ptr<AVFrame> frame_;
  int sample_rate_ = 0;
  int channels_ = 0;
};

class AacEncoder {
 public:
  static constexpr std::size_t kFrame = 1024;  // samples, ISO 14496-3 §4.5.2.1.1
  // kUnsupported where AAC has no such sample rate.
  static Result<AacEncoder> open(std::uint32_t sample_rate, std::uint16_t channels, std::uint32_t bitrate);

  // Encodes `pcm`, a multiple of kFrame, behind what came before. The frames that are ready: the one that is
  // kFrame * (i + 2) samples behind the beginning brings frame i, whose window is over the samples from
  // (i - 1) * kFrame to (i + 1) * kFrame; the samples behind its window decide how it is coded.
  Result<std::vector<media::Bytes>> encode(const Pcm& pcm);

 private:
  AacEncoder() = default;
  Result<void> send(const AVFrame* frame, std::vector<media::Bytes>& out);

  av::Ptr<AVCodecContext> context_;
  std::int64_t sent_ = 0;  // samples
};

}  // namespace camctl::hls
