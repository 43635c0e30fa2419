#include "apps/simulate/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <span>
#include <vector>

#include "apps/simulate/picture.h"
#include "libhls/ffmpeg/av.h"

namespace camctl::simulate {
namespace {

namespace av = hls::av;
using media::Codec;

constexpr int kVideoTimescale = 90'000;
constexpr int kAacRate = 16'000, kG711Rate = 8'000;  // 8 s are 125 frames of AAC, 200 packets of G.711
constexpr int kAacBitRate = 32'000;
constexpr int kG711Packet = 320;  // samples: 40 ms
constexpr unsigned kMaxSide = 4096, kMaxFps = 120, kMaxBitrateKbps = 100'000;

// An encoder, its stream in the film, and the film.
struct Track {
  av::Ptr<AVCodecContext> codec;
  AVStream* stream = nullptr;
};

// Collects the film in memory; QuickTime needs to seek back to write its index.
class Film {
 public:
  Film() {
    AVFormatContext* context = nullptr;
    if (avformat_alloc_output_context2(&context, nullptr, "mov", nullptr) < 0) return;
    context_ = context;
    if (avio_open_dyn_buf(&context_->pb) < 0) context_->pb = nullptr;
  }
  ~Film() {
    if (context_ && context_->pb) take();
    avformat_free_context(context_);
  }
  Film(const Film&) = delete;
  Film& operator=(const Film&) = delete;

  AVFormatContext* context() const { return context_; }
  bool ready() const { return context_ && context_->pb; }

  std::string take() {
    std::uint8_t* data = nullptr;
    const int size = avio_close_dyn_buf(context_->pb, &data);
    context_->pb = nullptr;
    std::string bytes(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    av_free(data);
    return bytes;
  }

 private:
  AVFormatContext* context_ = nullptr;
};

Result<void> check(const PictureOptions& o) {
  const bool size_ok = o.width >= 64 && o.height >= 64 && o.width <= kMaxSide && o.height <= kMaxSide &&
                       o.width % 2 == 0 && o.height % 2 == 0;
  if (!size_ok)
    return fail(ErrorCode::kUsage, fmt::format("a picture of {}x{} can't be made", o.width, o.height));
  const bool rate_ok =
      o.fps >= 1 && o.fps <= kMaxFps && o.bitrate_kbps >= 16 && o.bitrate_kbps <= kMaxBitrateKbps;
  if (!rate_ok || o.gop < 1 || o.gop > o.fps * kClipSeconds)
    return fail(ErrorCode::kUsage,
                "a virtual camera's frame rate, bit rate or key frame distance is out of range");
  return {};
}

// Quick and without look-ahead; the rate is held within a second, as cameras hold it; groups are closed.
void set_video_options(const PictureOptions& o, av::Dictionary& dictionary) {
  const auto rate = fmt::format("vbv-maxrate={0}:vbv-bufsize={0}", o.bitrate_kbps);
  const auto groups = fmt::format("keyint={0}:min-keyint={0}:scenecut=0:bframes=0:ref=1", o.gop);
  dictionary.set("preset", "ultrafast");
  if (o.video == Codec::kH264) {
    dictionary.set("x264-params", fmt::format("{}:{}:rc-lookahead=0:threads=1", rate, groups).c_str());
  } else {
    dictionary.set(
        "x265-params",
        fmt::format("{}:{}:open-gop=0:pools=none:frame-threads=1:info=0:log-level=error", rate, groups)
            .c_str());
  }
}

Result<Track> add_track(Film& film, av::Ptr<AVCodecContext> context, AVDictionary** options) {
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (const int error = avcodec_open2(context.get(), context->codec, options); error < 0)
    return fail(av::error(fmt::format("opening the encoder {}", context->codec->name), error));
  auto* stream = avformat_new_stream(film.context(), nullptr);
  if (!stream || avcodec_parameters_from_context(stream->codecpar, context.get()) < 0)
    return fail(ErrorCode::kInternal, "no memory for an encoder");
  stream->time_base = context->time_base;
  return Track{std::move(context), stream};
}

Result<av::Ptr<AVCodecContext>> make_encoder(const char* name) {
  const auto* codec = avcodec_find_encoder_by_name(name);
  if (!codec) return fail(ErrorCode::kUnsupported, fmt::format("libavcodec here has no encoder {}", name));
  av::Ptr<AVCodecContext> context(avcodec_alloc_context3(codec));
  if (!context) return fail(ErrorCode::kInternal, "no memory for an encoder");
  return context;
}

Result<Track> add_video(Film& film, const PictureOptions& o) {
  auto context = make_encoder(o.video == Codec::kH265 ? "libx265" : "libx264");
  if (!context) return fail(context.error());
  auto& c = **context;
  c.width = o.width;
  c.height = o.height;
  c.pix_fmt = AV_PIX_FMT_YUV420P;
  c.time_base = {1, static_cast<int>(o.fps)};
  c.framerate = {static_cast<int>(o.fps), 1};
  c.bit_rate = std::int64_t{o.bitrate_kbps} * 1000;
  c.gop_size = static_cast<int>(o.gop);
  c.max_b_frames = 0;
  av::Dictionary options;
  set_video_options(o, options);
  return add_track(film, std::move(*context), options.pointer());
}

Result<Track> add_audio(Film& film, Codec codec) {
  auto context = make_encoder(codec == Codec::kAac    ? "aac"
                              : codec == Codec::kPcma ? "pcm_alaw"
                                                      : "pcm_mulaw");
  if (!context) return fail(context.error());
  auto& c = **context;
  c.sample_rate = codec == Codec::kAac ? kAacRate : kG711Rate;
  c.sample_fmt = codec == Codec::kAac ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_S16;
  av_channel_layout_default(&c.ch_layout, 1);
  c.time_base = {1, c.sample_rate};
  if (codec == Codec::kAac) c.bit_rate = kAacBitRate;
  return add_track(film, std::move(*context), nullptr);
}

// Writes what the encoder has ready; packets before `skip` or from `end` on are left out, times count from
// `skip`. Times are in the encoder's base.
Result<void> write_packets(Film& film, Track& track, std::int64_t skip, std::int64_t end) {
  const auto packet = av::make_packet();
  while (avcodec_receive_packet(track.codec.get(), packet.get()) == 0) {
    const bool wanted = packet->pts >= skip && packet->pts < end;
    packet->pts -= skip;
    packet->dts -= skip;
    packet->stream_index = track.stream->index;
    av_packet_rescale_ts(packet.get(), track.codec->time_base, track.stream->time_base);
    if (const int error = wanted ? av_interleaved_write_frame(film.context(), packet.get()) : 0; error < 0)
      return fail(av::error("writing a virtual camera's film", error));
    av_packet_unref(packet.get());
  }
  return {};
}

Result<void> encode(Film& film, Track& track, const AVFrame* frame, std::int64_t skip, std::int64_t end) {
  if (const int error = avcodec_send_frame(track.codec.get(), frame); error < 0)
    return fail(av::error("encoding a virtual camera's film", error));
  return write_packets(film, track, skip, end);
}

Result<void> encode_video(Film& film, Track& track, const PictureOptions& o) {
  const unsigned frames = o.fps * kClipSeconds / o.gop * o.gop;  // whole groups
  Scene scene(o.name, o.width, o.height, o.fps, frames);
  const auto frame = av::make_frame();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = o.width;
  frame->height = o.height;
  frame->linesize[0] = o.width;
  frame->linesize[1] = frame->linesize[2] = o.width / 2;
  for (unsigned i = 0; i < frames; ++i) {
    const auto& planes = scene.draw(i);
    frame->data[0] = const_cast<std::uint8_t*>(planes.y.data());
    frame->data[1] = const_cast<std::uint8_t*>(planes.u.data());
    frame->data[2] = const_cast<std::uint8_t*>(planes.v.data());
    frame->pts = i;
    if (auto done = encode(film, track, frame.get(), 0, frames); !done) return done;
  }
  return encode(film, track, nullptr, 0, frames);
}

// A beep of 0.1 s at the start of each second, over a faint hum that shows gaps.
float sound(int index, int rate) {
  const auto at = static_cast<float>(index % rate) / static_cast<float>(rate);
  constexpr auto kTurn = 2 * std::numbers::pi_v<float>;
  return at < 0.1F ? 0.4F * std::sin(kTurn * 1000 * at) : 0.01F * std::sin(kTurn * 100 * at);
}

// The sound has a period of a second, so the second of two rounds starts as it ends: no seam.
Result<void> encode_audio(Film& film, Track& track, Codec codec) {
  const int rate = track.codec->sample_rate;
  const int step = codec == Codec::kAac ? track.codec->frame_size : kG711Packet;
  const std::int64_t round = std::int64_t{rate} * kClipSeconds;
  const auto frame = av::make_frame();
  frame->format = track.codec->sample_fmt;
  av_channel_layout_default(&frame->ch_layout, 1);
  frame->sample_rate = rate;
  frame->nb_samples = step;
  std::vector<float> floats(static_cast<std::size_t>(step));
  std::vector<std::int16_t> integers(floats.size());
  for (std::int64_t at = 0; at < 2 * round + 2 * step; at += step) {
    for (int i = 0; i < step; ++i) floats[i] = sound(static_cast<int>(at) + i, rate);
    std::ranges::transform(floats, integers.begin(),
                           [](float sample) { return static_cast<std::int16_t>(sample * 32767); });
    void* samples = codec == Codec::kAac ? static_cast<void*>(floats.data()) : integers.data();
    frame->data[0] = static_cast<std::uint8_t*>(samples);
    frame->linesize[0] = step * (codec == Codec::kAac ? 4 : 2);
    frame->pts = at;
    if (auto done = encode(film, track, frame.get(), round, 2 * round); !done) return done;
  }
  return encode(film, track, nullptr, round, 2 * round);
}

}  // namespace

Result<std::string> encode_film(const PictureOptions& options) {
  av::route_log();
  if (auto valid = check(options); !valid) return fail(valid.error());
  Film film;
  if (!film.ready()) return fail(ErrorCode::kInternal, "no memory for a virtual camera's film");
  auto video = add_video(film, options);
  if (!video) return fail(video.error());
  std::optional<Track> audio;
  if (options.audio != Codec::kUnknown) {
    auto added = add_audio(film, options.audio);
    if (!added) return fail(added.error());
    audio = std::move(*added);
  }
  av::Dictionary muxer;
  muxer.set("video_track_timescale", kVideoTimescale);
  if (const int error = avformat_write_header(film.context(), muxer.pointer()); error < 0)
    return fail(av::error("writing a virtual camera's film", error));
  if (auto done = encode_video(film, *video, options); !done) return fail(done.error());
  if (audio)
    if (auto done = encode_audio(film, *audio, options.audio); !done) return fail(done.error());
  if (const int error = av_write_trailer(film.context()); error < 0)
    return fail(av::error("writing a virtual camera's film", error));
  return film.take();
}

}  // namespace camctl::simulate
