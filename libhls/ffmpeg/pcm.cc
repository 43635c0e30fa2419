#include "libhls/ffmpeg/pcm.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "libhls/ffmpeg/normalize.h"

namespace camctl::hls {
namespace {

using media::Codec;

// Bits a second and channel beyond which AAC sounds no better at this sample rate.
constexpr std::uint32_t kUsefulBitsPerSample = 4;
constexpr std::size_t kMaxExtradata = 64u << 10;  // Vorbis has some kB, all others a few bytes

// `config` has our header of codecs that have no form of their own.
bool has_header(const media::AudioInfo& info) {
  const bool own_form = info.codec == Codec::kAac || info.codec == Codec::kPcma ||
                        info.codec == Codec::kPcmu || info.codec == Codec::kG726;
  return !own_form && info.config.size() >= av::kDecoderConfigHeader;
}

AVCodecID decoder_id(const media::AudioInfo& info) {
  if (!has_header(info)) return av::codec_id(info.codec);
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) id = id << 8 | info.config[i];
  return static_cast<AVCodecID>(id);
}

// What the codec's own configuration is, behind our header where there is one.
std::span<const std::uint8_t> own_config(const media::AudioInfo& info) {
  const std::span<const std::uint8_t> config(info.config);
  if (info.codec == Codec::kAac) return config;
  return has_header(info) ? config.subspan(av::kDecoderConfigHeader) : std::span<const std::uint8_t>();
}

int bits_per_sample(const media::AudioInfo& info) {
  constexpr int kUsualG726 = 4;
  if (info.codec == Codec::kG726) return info.config.empty() ? kUsualG726 : info.config.front();
  return has_header(info) ? info.config[av::kDecoderConfigHeader - 1] : 0;
}

bool set_extradata(AVCodecContext& context, std::span<const std::uint8_t> config) {
  if (config.empty()) return true;
  if (config.size() > kMaxExtradata) return false;
  context.extradata = static_cast<std::uint8_t*>(av_mallocz(config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!context.extradata) return false;
  std::memcpy(context.extradata, config.data(), config.size());
  context.extradata_size = static_cast<int>(config.size());
  return true;
}

}  // namespace

void Pcm::silence(std::size_t samples) {
  for (auto& one : channel) one.resize(one.size() + samples);
}

void Pcm::drop_back(std::size_t samples) {
  for (auto& one : channel) one.resize(one.size() - std::min(samples, one.size()));
}

Result<AudioDecoder> AudioDecoder::open(const media::AudioInfo& info) {
  av::route_log();
  const auto* codec = avcodec_find_decoder(decoder_id(info));
  if (!codec) return fail(ErrorCode::kUnsupported, "decoding audio: there is no such decoder");
  AudioDecoder decoder;
  decoder.context_.reset(avcodec_alloc_context3(codec));
  if (!decoder.context_) return fail(ErrorCode::kLimit, "decoding audio: out of memory");
  auto& context = *decoder.context_;
  context.sample_rate = decoder.sample_rate_ = static_cast<int>(info.sample_rate);
  decoder.channels_ = std::min(info.channels, kMaxChannels);
  av_channel_layout_default(&context.ch_layout, info.channels);
  context.thread_count = 1;
  context.bits_per_coded_sample = bits_per_sample(info);
  if (!set_extradata(context, own_config(info)))
    return fail(ErrorCode::kLimit, "decoding audio: its configuration is too large");
  if (const int opened = avcodec_open2(&context, codec, nullptr); opened < 0)
    return fail(av::error("decoding audio", opened));
  decoder.packet_ = av::make_packet();
  decoder.frame_ = av::make_frame();
  return decoder;
}

void AudioDecoder::decode(std::span<const std::uint8_t> data, Pcm& out) {
  // The decoder reads beyond the end: it gets a copy with padding. Audio frames are small.
  if (av_new_packet(packet_.get(), static_cast<int>(data.size())) < 0) return;
  std::copy(data.begin(), data.end(), packet_->data);
  const int sent = avcodec_send_packet(context_.get(), packet_.get());
  av_packet_unref(packet_.get());
  if (sent < 0) return;
  while (avcodec_receive_frame(context_.get(), frame_.get()) >= 0) append(*frame_, out);
}

bool AudioDecoder::prepare_converter(const AVFrame& frame) {
  if (converter_) return true;
  AVChannelLayout layout;
  auto given = frame.ch_layout;  // read only, but the call takes no const
  av_channel_layout_default(&layout, channels_);
  SwrContext* converter = nullptr;
  const int made =
      swr_alloc_set_opts2(&converter, &layout, AV_SAMPLE_FMT_FLTP, sample_rate_, &given,
                          static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr);
  converter_.reset(converter);
  if (made >= 0 && swr_init(converter) >= 0) return true;
  converter_.reset();
  return false;
}

void AudioDecoder::append(const AVFrame& frame, Pcm& out) {
  if (!prepare_converter(frame)) return;
  const auto before = out.size();
  const auto room =
      static_cast<std::size_t>(std::max(0, swr_get_out_samples(converter_.get(), frame.nb_samples)));
  out.silence(room);
  std::array<std::uint8_t*, kMaxChannels> planes{};
  for (std::size_t i = 0; i < out.channel.size(); ++i)
    planes[i] = reinterpret_cast<std::uint8_t*>(out.channel[i].data() + before);
  const int got = swr_convert(converter_.get(), planes.data(), static_cast<int>(room),
                              const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
  out.drop_back(room - static_cast<std::size_t>(std::max(0, got)));
}

Result<AacEncoder> AacEncoder::open(std::uint32_t sample_rate, std::uint16_t channels,
                                    std::uint32_t bitrate) {
  av::route_log();
  const auto* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (!codec) return fail(ErrorCode::kUnsupported, "encoding audio: this libavcodec lacks an AAC encoder");
  AacEncoder encoder;
  encoder.context_.reset(avcodec_alloc_context3(codec));
  if (!encoder.context_) return fail(ErrorCode::kLimit, "encoding audio: out of memory");
  auto& context = *encoder.context_;
  context.sample_fmt = AV_SAMPLE_FMT_FLTP;
  context.sample_rate = static_cast<int>(sample_rate);
  context.bit_rate = std::min(bitrate, sample_rate * channels * kUsefulBitsPerSample);
  context.flags |= AV_CODEC_FLAG_BITEXACT;  // no version text in the first frame
  av_channel_layout_default(&context.ch_layout, channels);
  if (const int opened = avcodec_open2(&context, codec, nullptr); opened < 0)
    return fail(av::error("encoding audio", opened));
  return encoder;
}

Result<std::vector<media::Bytes>> AacEncoder::encode(const Pcm& pcm) {
  std::vector<media::Bytes> out;
  const auto frame = av::make_frame();
  frame->format = AV_SAMPLE_FMT_FLTP;
  frame->sample_rate = context_->sample_rate;
  frame->nb_samples = kFrame;
  av_channel_layout_copy(&frame->ch_layout, &context_->ch_layout);
  if (const int got = av_frame_get_buffer(frame.get(), 0); got < 0)
    return fail(av::error("encoding audio", got));
  for (std::size_t at = 0; at + kFrame <= pcm.size(); at += kFrame) {
    if (const int got = av_frame_make_writable(frame.get()); got < 0)
      return fail(av::error("encoding audio", got));
    for (std::size_t i = 0; i < pcm.channel.size(); ++i)
      std::memcpy(frame->data[i], pcm.channel[i].data() + at, kFrame * sizeof(float));
    frame->pts = sent_;
    sent_ += kFrame;
    if (auto sent = send(frame.get(), out); !sent) return fail(sent.error());
  }
  return out;
}

Result<void> AacEncoder::send(const AVFrame* frame, std::vector<media::Bytes>& out) {
  if (const int sent = avcodec_send_frame(context_.get(), frame); sent < 0)
    return fail(av::error("encoding audio", sent));
  const auto packet = av::make_packet();
  while (true) {
    const int got = avcodec_receive_packet(context_.get(), packet.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
    if (got < 0) return fail(av::error("encoding audio", got));
    out.emplace_back(packet->data, packet->data + packet->size);
    av_packet_unref(packet.get());
  }
}

}  // namespace camctl::hls
