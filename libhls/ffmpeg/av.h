// The border to FFmpeg: owners for its objects, its errors and its log lines in our words.
#pragma once

#include <memory>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include "base/result.h"

namespace camctl::hls::av {

struct Deleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(SwrContext* context) const { swr_free(&context); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
template <class T>
using Ptr = std::unique_ptr<T, Deleter>;

Ptr<AVPacket> make_packet();
Ptr<AVFrame> make_frame();

// An AVDictionary that frees itself.
class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&dictionary_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  void set(const char* key, const char* value) { av_dict_set(&dictionary_, key, value, 0); }
  void set(const char* key, std::int64_t value) { av_dict_set_int(&dictionary_, key, value, 0); }
  AVDictionary** pointer() { return &dictionary_; }

 private:
  AVDictionary* dictionary_ = nullptr;
};

// An AVERROR as our error: "`doing`: why". `doing` must hold no secret.
Error error(std::string_view doing, int averror);

// Sends FFmpeg's log lines to ours, at debug level (what matters reaches the user as an Error), with
// passwords in URLs replaced. Once for the process; later calls do nothing.
void route_log();

}  // namespace camctl::hls::av
