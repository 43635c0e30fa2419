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

// A camera's clock that jumps by more restarts the encoder: to x264 the picture before would last as long.
constexpr std::int64_t kLongestStep = 10;  // seconds
// Pictures whose times are remembered: more than a decoder reorders and an encoder looks ahead.
constexpr std::size_t kMaxOriginals = 128;

Result<media::Bytes> decoder_record(const media::VideoInfo& info) {
  if (info.codec == Codec::kH264) return media::make_avcc(info);
  if (info.codec == Codec::kH265) return media::make_hvcc(info);
  return media::Bytes();
}

constexpr std::uint16_t even(std::int64_t value) {
  return static_cast<std::uint16_t>(std::max<std::int64_t>(2, value / 2 * 2));
}

// 3 Mbit/s for 1080p.
std::uint32_t automatic_bitrate(std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t kLeast = 200'000;
  return std::max(width * height * 3 / 2, kLeast);
}

// Of a picture of this size: never larger than it is.
H264EncoderSettings encoder_settings(const media::VideoInfo& input, const TranscodeOptions& options,
                                     int width, int height) {
  const int wanted = options.height != 0 ? std::min<int>(options.height, height) : height;
  H264EncoderSettings settings;
  settings.name = options.encoder;
  settings.preset = options.preset;
  settings.height = even(wanted);
  settings.width = even(av_rescale(width, wanted, std::max(height, 1)));
  settings.clock_rate = input.clock_rate;
  settings.frame_rate = input.frame_rate;
  settings.bitrate =
      options.bitrate != 0 ? options.bitrate : automatic_bitrate(settings.width, settings.height);
  settings.maxrate = options.maxrate;
  settings.rate_buffer = options.rate_buffer;
  settings.immediate = options.beside_source;
  return settings;
}

void describe(const H264Encoder& encoder, media::VideoInfo& output) {
  output.width = static_cast<std::uint16_t>(encoder.width());
  output.height = static_cast<std::uint16_t>(encoder.height());
  const auto sets =
      media::collect_annexb(Codec::kH264, {encoder.parameter_sets(), encoder.parameter_sets_size()});
  media::update_parameter_sets(output, sets.sets);
}

media::VideoInfo without_parameter_sets(media::VideoInfo video) {
  video.codec = Codec::kH264;
  video.vps.clear();
  video.sps.clear();
  video.pps.clear();
  return video;
}

}  // namespace

std::uint32_t automatic_bitrate(const media::VideoInfo& output) {
  return automatic_bitrate(output.width, output.height);
}

Result<media::VideoInfo> transcoded_video(const media::VideoInfo& input, const TranscodeOptions& options) {
  if (input.width == 0 || input.height == 0)
    return fail(ErrorCode::kProtocol, "transcoding: the picture's size is not known");
  av::route_log();
  auto encoder = H264Encoder::open(encoder_settings(input, options, input.width, input.height));
  if (!encoder) return fail(encoder.error());
  auto output = without_parameter_sets(input);
  describe(*encoder, output);
  return output;
}

VideoTranscoder::VideoTranscoder(const media::VideoInfo& input, TranscodeOptions options)
    : input_(input),
      output_(without_parameter_sets(input)),
      options_(std::move(options)),
      packet_(av::make_packet()),
      picture_(av::make_frame()),
      scaled_(av::make_frame()) {}

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
  auto opened = H264Encoder::open(encoder_settings(input_, options_, picture.width, picture.height));
  if (!opened) return fail(opened.error());
  encoder_ = std::move(*opened);
  describe(*encoder_, output_);
  last_key_.reset();
  last_pts_.reset();
  return {};
}

Result<std::vector<media::AccessUnit>> VideoTranscoder::transcode(const media::AccessUnit& unit) {
  arrival_ = unit.arrival;
  originals_.push_back({unit.pts, unit.duration, unit.key, unit.arrival});
  if (originals_.size() > kMaxOriginals) originals_.pop_front();
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
  encoder_->send(nullptr);
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
    encoder_->send(nullptr);
    if (auto done = drain(out); !done) return done;
    encoder_.reset();
  }
  if (!encoder_)
    if (auto opened = open_encoder(picture); !opened) return opened;
  auto ready = scaled(picture);
  if (!ready) return fail(ready.error());
  auto& frame = **ready;
  const bool key = is_key(pts);
  if (last_pts_) pts = std::max(pts, *last_pts_ + 1);
  last_pts_ = frame.pts = pts;
  frame.pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  if (key) last_key_ = pts;
  if (const int sent = encoder_->send(&frame); sent < 0)
    return fail(av::error("transcoding: encoding", sent));
  return drain(out);
}

const VideoTranscoder::Original* VideoTranscoder::original(media::Ticks pts) const {
  const auto found = std::ranges::find(originals_.rbegin(), originals_.rend(), pts, &Original::pts);
  return found == originals_.rend() ? nullptr : &*found;
}

bool VideoTranscoder::is_key(media::Ticks pts) const {
  const auto interval = av_rescale(options_.key_interval.count(), input_.clock_rate, 1000);
  if (!last_key_ || pts - *last_key_ >= interval) return true;
  const auto* from = options_.beside_source ? original(pts) : nullptr;
  return from != nullptr && from->key;
}

// The picture in the encoder's size and format; itself where nothing has to change.
Result<AVFrame*> VideoTranscoder::scaled(AVFrame& picture) {
  const int width = encoder_->width(), height = encoder_->height();
  if (picture.width == width && picture.height == height && picture.format == encoder_->format())
    return &picture;
  if (!scaler_ || picture.width != source_width_ || picture.height != source_height_ ||
      picture.format != source_format_) {
    source_width_ = picture.width;
    source_height_ = picture.height;
    source_format_ = picture.format;
    scaler_.reset(sws_getContext(picture.width, picture.height, static_cast<AVPixelFormat>(picture.format),
                                 width, height, encoder_->format(), SWS_BICUBIC, nullptr, nullptr, nullptr));
  }
  if (!scaler_) return fail(ErrorCode::kUnsupported, "transcoding: the picture's format can't be converted");
  av_frame_unref(scaled_.get());
  scaled_->width = width;
  scaled_->height = height;
  scaled_->format = encoder_->format();
  if (const int got = av_frame_get_buffer(scaled_.get(), 0); got < 0)
    return fail(av::error("transcoding", got));
  sws_scale(scaler_.get(), picture.data, picture.linesize, 0, picture.height, scaled_->data,
            scaled_->linesize);
  return scaled_.get();
}

Result<void> VideoTranscoder::drain(std::vector<media::AccessUnit>& out) {
  while (true) {
    const int got = encoder_->receive(*packet_);
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
    if (got < 0) return fail(av::error("transcoding: encoding", got));
    out.push_back(unit_of(*packet_));
    av_packet_unref(packet_.get());
  }
}

media::AccessUnit VideoTranscoder::unit_of(const AVPacket& packet) {
  auto picture = media::collect_annexb(Codec::kH264, {packet.data, static_cast<std::size_t>(packet.size)});
  media::update_parameter_sets(output_, picture.sets);
  media::AccessUnit unit;
  unit.track = media::TrackKind::kVideo;
  unit.key = picture.key;
  unit.pts = packet.pts;
  unit.dts = packet.dts;
  const auto* from = original(packet.pts);
  unit.duration = from ? from->duration : 0;
  unit.arrival = from ? from->arrival : arrival_;
  unit.data = std::move(picture.data);
  return unit;
}

}  // namespace camctl::hls
