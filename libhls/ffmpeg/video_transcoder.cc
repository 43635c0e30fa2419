#include "libhls/ffmpeg/video_transcoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/media/h264.h"
#include "base/media/h265.h"
#include "base/media/nal.h"
#include "libhls/ffmpeg/normalize.h"

namespace camctl::hls {
namespace {

using media::Codec;

constexpr int kGuessedFrameRate = 25;        // for rate control, until x264 sees the times
constexpr int kLongestGop = 600;             // key frames are forced by time; this only bounds a mistake
constexpr std::uint32_t kBufferSeconds = 2;  // of the rate control's buffer at the peak rate
// A camera's clock that jumps by more restarts the encoder: to x264 the picture before would last as long.
constexpr std::int64_t kLongestStep = 10;  // seconds

Result<media::Bytes> decoder_record(const media::VideoInfo& info) {
  if (info.codec == Codec::kH264) return media::make_avcc(info);
  if (info.codec == Codec::kH265) return media::make_hvcc(info);
  return media::Bytes();
}

constexpr int even(int value) { return std::max(2, value / 2 * 2); }

}  // namespace

VideoTranscoder::VideoTranscoder(const media::VideoInfo& input, TranscodeOptions options)
    : input_(input),
      output_(input),
      options_(std::move(options)),
      packet_(av::make_packet()),
      picture_(av::make_frame()),
      scaled_(av::make_frame()) {
  output_.codec = Codec::kH264;
  output_.vps.clear();
  output_.sps.clear();
  output_.pps.clear();
}

Result<VideoTranscoder> VideoTranscoder::open(const media::VideoInfo& input,
                                              const TranscodeOptions& options) {
  VideoTranscoder result(input, options);
  if (auto opened = result.open_decoder(); !opened) return fail(opened.error());
  return result;
}

Result<void> VideoTranscoder::open_decoder() {
  const auto* codec = avcodec_find_decoder(av::codec_id(input_.codec));
  if (!codec) return fail(ErrorCode::kUnsupported, "transcoding: there is no decoder for this video");
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) return fail(ErrorCode::kLimit, "transcoding: out of memory");
  const auto record = decoder_record(input_);
  if (!record) return fail("transcoding", record.error());
  if (!record->empty()) {
    decoder_->extradata =
        static_cast<std::uint8_t*>(av_mallocz(record->size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!decoder_->extradata) return fail(ErrorCode::kLimit, "transcoding: out of memory");
    std::memcpy(decoder_->extradata, record->data(), record->size());
    decoder_->extradata_size = static_cast<int>(record->size());
  }
  decoder_->thread_count = 1;
  decoder_->pkt_timebase = {1, static_cast<int>(input_.clock_rate)};
  if (const int opened = avcodec_open2(decoder_.get(), codec, nullptr); opened < 0)
    return fail(av::error("transcoding: opening the decoder", opened));
  return {};
}

Result<void> VideoTranscoder::open_encoder(const AVFrame& picture) {
  const auto* codec = avcodec_find_encoder_by_name("libx264");
  if (!codec) return fail(ErrorCode::kUnsupported, "transcoding: this libavcodec lacks x264");
  encoder_.reset(avcodec_alloc_context3(codec));
  if (!encoder_) return fail(ErrorCode::kLimit, "transcoding: out of memory");
  auto& context = *encoder_;
  const int height = options_.height != 0 ? std::min<int>(options_.height, picture.height) : picture.height;
  context.height = even(height);
  context.width = even(static_cast<int>(av_rescale(picture.width, height, picture.height)));
  context.pix_fmt = AV_PIX_FMT_YUV420P;
  context.time_base = {1, static_cast<int>(input_.clock_rate)};
  const auto rate = input_.frame_rate;
  context.framerate = rate.numerator != 0
                          ? AVRational{static_cast<int>(rate.numerator), static_cast<int>(rate.denominator)}
                          : AVRational{kGuessedFrameRate, 1};
  context.bit_rate = options_.bitrate;
  context.rc_max_rate = std::max(options_.maxrate, options_.bitrate);
  context.rc_buffer_size = static_cast<int>(context.rc_max_rate * kBufferSeconds);
  context.gop_size = kLongestGop;
  context.max_b_frames = 0;  // a live picture does not wait for later ones
  av::Dictionary options;
  options.set("preset", options_.preset.c_str());
  options.set("forced-idr", "1");
  options.set("x264-params", "log-level=none");
  if (const int opened = avcodec_open2(&context, codec, options.pointer()); opened < 0)
    return fail(av::error("transcoding: opening the encoder", opened));
  last_key_.reset();
  last_pts_.reset();
  return {};
}

Result<std::vector<media::AccessUnit>> VideoTranscoder::transcode(const media::AccessUnit& unit) {
  arrival_ = unit.arrival;
  if (av_new_packet(packet_.get(), static_cast<int>(unit.data.size())) < 0)
    return fail(ErrorCode::kLimit, "transcoding: out of memory");
  std::copy(unit.data.begin(), unit.data.end(), packet_->data);
  packet_->pts = unit.pts;
  packet_->dts = unit.dts;
  if (unit.key) packet_->flags |= AV_PKT_FLAG_KEY;
  const int sent = avcodec_send_packet(decoder_.get(), packet_.get());
  av_packet_unref(packet_.get());
  std::vector<media::AccessUnit> out;
  if (sent < 0) return out;  // damaged: the decoder goes on with the next one
  if (auto done = decoded(out); !done) return fail(done.error());
  return out;
}

Result<std::vector<media::AccessUnit>> VideoTranscoder::flush() {
  std::vector<media::AccessUnit> out;
  avcodec_send_packet(decoder_.get(), nullptr);
  if (auto done = decoded(out); !done) return fail(done.error());
  if (!encoder_) return out;
  avcodec_send_frame(encoder_.get(), nullptr);
  if (auto done = drain(out); !done) return fail(done.error());
  return out;
}

Result<void> VideoTranscoder::decoded(std::vector<media::AccessUnit>& out) {
  while (avcodec_receive_frame(decoder_.get(), picture_.get()) >= 0)
    if (auto done = encode(*picture_, out); !done) return done;
  return {};
}

Result<void> VideoTranscoder::encode(AVFrame& picture, std::vector<media::AccessUnit>& out) {
  auto pts = picture.pts != AV_NOPTS_VALUE ? picture.pts : picture.best_effort_timestamp;
  if (pts == AV_NOPTS_VALUE) pts = last_pts_.value_or(0) + 1;
  const auto second = static_cast<media::Ticks>(input_.clock_rate);
  const bool jumped = last_pts_ && (pts < *last_pts_ - second || pts > *last_pts_ + kLongestStep * second);
  if (encoder_ && jumped) {
    avcodec_send_frame(encoder_.get(), nullptr);
    if (auto done = drain(out); !done) return done;
    encoder_.reset();
  }
  if (!encoder_)
    if (auto opened = open_encoder(picture); !opened) return opened;
  auto ready = scaled(picture);
  if (!ready) return fail(ready.error());
  auto& frame = **ready;
  if (last_pts_) pts = std::max(pts, *last_pts_ + 1);
  last_pts_ = frame.pts = pts;
  const bool key = !last_key_ || pts - *last_key_ >= av_rescale(options_.key_interval.count(), second, 1000);
  frame.pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  if (key) last_key_ = pts;
  if (const int sent = avcodec_send_frame(encoder_.get(), &frame); sent < 0)
    return fail(av::error("transcoding: encoding", sent));
  return drain(out);
}

// The picture in the encoder's size and format; itself where nothing has to change.
Result<AVFrame*> VideoTranscoder::scaled(AVFrame& picture) {
  const auto& to = *encoder_;
  if (picture.width == to.width && picture.height == to.height && picture.format == to.pix_fmt)
    return &picture;
  if (!scaler_ || picture.width != source_width_ || picture.height != source_height_ ||
      picture.format != source_format_) {
    source_width_ = picture.width;
    source_height_ = picture.height;
    source_format_ = picture.format;
    scaler_.reset(sws_getContext(picture.width, picture.height, static_cast<AVPixelFormat>(picture.format),
                                 to.width, to.height, to.pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr));
  }
  if (!scaler_) return fail(ErrorCode::kUnsupported, "transcoding: the picture's format can't be converted");
  av_frame_unref(scaled_.get());
  scaled_->width = to.width;
  scaled_->height = to.height;
  scaled_->format = to.pix_fmt;
  if (const int got = av_frame_get_buffer(scaled_.get(), 0); got < 0)
    return fail(av::error("transcoding", got));
  sws_scale(scaler_.get(), picture.data, picture.linesize, 0, picture.height, scaled_->data,
            scaled_->linesize);
  return scaled_.get();
}

Result<void> VideoTranscoder::drain(std::vector<media::AccessUnit>& out) {
  while (true) {
    const int got = avcodec_receive_packet(encoder_.get(), packet_.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
    if (got < 0) return fail(av::error("transcoding: encoding", got));
    out.push_back(unit_of(*packet_));
    av_packet_unref(packet_.get());
  }
}

media::AccessUnit VideoTranscoder::unit_of(const AVPacket& packet) {
  auto picture = media::collect_annexb(Codec::kH264, {packet.data, static_cast<std::size_t>(packet.size)});
  if (media::update_parameter_sets(output_, picture.sets)) {
    output_.width = static_cast<std::uint16_t>(encoder_->width);
    output_.height = static_cast<std::uint16_t>(encoder_->height);
  }
  media::AccessUnit unit;
  unit.track = media::TrackKind::kVideo;
  unit.key = picture.key;
  unit.pts = packet.pts;
  unit.dts = packet.dts;
  unit.arrival = arrival_;
  unit.data = std::move(picture.data);
  return unit;
}

}  // namespace camctl::hls
