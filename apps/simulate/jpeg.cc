#include "apps/simulate/jpeg.h"

#include "base/media/nal.h"
#include "libhls/ffmpeg/av.h"
#include "libhls/ffmpeg/normalize.h"

namespace camctl::simulate {
namespace {

namespace av = hls::av;

constexpr int kQuality = 4;  // of 1 (best) to 31

// Parameter sets and picture with start codes, as a decoder takes them without extradata.
media::Bytes annexb(const media::VideoInfo& info, media::ByteView key_frame) {
  media::Bytes stream;
  const auto add = [&](media::ByteView nal) {
    if (nal.empty()) return;
    stream.insert(stream.end(), {0, 0, 0, 1});
    stream.insert(stream.end(), nal.begin(), nal.end());
  };
  for (const auto* set : {&info.vps, &info.sps, &info.pps}) add(*set);
  media::LengthPrefixedReader nals(key_frame);
  for (auto nal = nals.next(); !nal.empty(); nal = nals.next()) add(nal);
  stream.resize(stream.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  return stream;
}

Result<av::Ptr<AVFrame>> decode(const media::VideoInfo& info, media::ByteView key_frame) {
  const auto* codec = avcodec_find_decoder(av::codec_id(info.codec));
  av::Ptr<AVCodecContext> context(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (context) context->thread_count = 1;
  if (!context || avcodec_open2(context.get(), codec, nullptr) < 0)
    return fail(ErrorCode::kUnsupported, "libavcodec here can't decode the picture for a snapshot");
  auto stream = annexb(info, key_frame);
  const auto packet = av::make_packet();
  packet->data = stream.data();
  packet->size = static_cast<int>(stream.size() - AV_INPUT_BUFFER_PADDING_SIZE);
  auto frame = av::make_frame();
  avcodec_send_packet(context.get(), packet.get());
  avcodec_send_packet(context.get(), nullptr);
  if (const int error = avcodec_receive_frame(context.get(), frame.get()); error < 0)
    return fail(av::error("decoding the picture for a snapshot", error));
  return frame;
}

Result<av::Ptr<AVFrame>> to_full_range(const AVFrame& picture) {
  auto out = av::make_frame();
  out->format = AV_PIX_FMT_YUVJ420P;
  out->width = picture.width;
  out->height = picture.height;
  const av::Ptr<SwsContext> scaler(
      sws_getContext(picture.width, picture.height, static_cast<AVPixelFormat>(picture.format), picture.width,
                     picture.height, AV_PIX_FMT_YUVJ420P, SWS_POINT, nullptr, nullptr, nullptr));
  if (!scaler || av_frame_get_buffer(out.get(), 0) < 0 ||
      sws_scale_frame(scaler.get(), out.get(), &picture) < 0)
    return fail(ErrorCode::kUnsupported, "the picture's format can't be made a snapshot of");
  return out;
}

}  // namespace

Result<std::string> encode_jpeg(const media::VideoInfo& info, std::span<const std::uint8_t> key_frame) {
  auto decoded = decode(info, key_frame);
  if (!decoded) return fail(decoded.error());
  auto picture = to_full_range(**decoded);
  if (!picture) return fail(picture.error());
  const auto* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  const av::Ptr<AVCodecContext> context(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (!context) return fail(ErrorCode::kUnsupported, "libavcodec here has no JPEG encoder");
  context->width = (*picture)->width;
  context->height = (*picture)->height;
  context->pix_fmt = AV_PIX_FMT_YUVJ420P;
  context->time_base = {1, 1};
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_QSCALE;
  (*picture)->quality = context->global_quality = kQuality * FF_QP2LAMBDA;
  (*picture)->pts = 0;
  const auto packet = av::make_packet();
  int error = avcodec_open2(context.get(), codec, nullptr);
  if (error >= 0) error = avcodec_send_frame(context.get(), picture->get());
  if (error >= 0) error = avcodec_receive_packet(context.get(), packet.get());
  if (error < 0) return fail(av::error("encoding a snapshot", error));
  return std::string(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
}

}  // namespace camctl::simulate
