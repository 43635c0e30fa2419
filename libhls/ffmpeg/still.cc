#include "libhls/still.h"

#include <algorithm>

#include "base/media/nal.h"
#include "libhls/ffmpeg/av.h"
#include "libhls/ffmpeg/normalize.h"

namespace camctl::hls {
namespace {

// Parameter sets and picture with start codes, as a decoder takes them without extradata.
media::Bytes annexb(const media::VideoInfo& info, media::ByteView key_frame) {
  media::Bytes stream;
  constexpr std::size_t kParameterSets = 1024;  // of room for them
  stream.reserve(key_frame.size() + kParameterSets + AV_INPUT_BUFFER_PADDING_SIZE);
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

// In full range, as JPEG has it.
Result<av::Ptr<AVFrame>> converted(const AVFrame& picture, int width, int height) {
  auto out = av::make_frame();
  out->format = AV_PIX_FMT_YUVJ420P;
  out->width = width;
  out->height = height;
  const bool same_size = width == picture.width && height == picture.height;
  const av::Ptr<SwsContext> scaler(
      sws_getContext(picture.width, picture.height, static_cast<AVPixelFormat>(picture.format), width, height,
                     AV_PIX_FMT_YUVJ420P, same_size ? SWS_POINT : SWS_AREA, nullptr, nullptr, nullptr));
  if (!scaler || av_frame_get_buffer(out.get(), 0) < 0 ||
      sws_scale_frame(scaler.get(), out.get(), &picture) < 0)
    return fail(ErrorCode::kUnsupported, "the picture's format can't be made a snapshot of");
  return out;
}

}  // namespace

struct Still::Frame {
  av::Ptr<AVFrame> picture;
};

Still::Still(std::unique_ptr<Frame> frame) : frame_(std::move(frame)) {}
Still::~Still() = default;

unsigned Still::width() const { return static_cast<unsigned>(frame_->picture->width); }
unsigned Still::height() const { return static_cast<unsigned>(frame_->picture->height); }

Result<StillPtr> Still::decode(const media::VideoInfo& info, std::span<const std::uint8_t> key_frame) {
  av::route_log();
  const auto* codec = avcodec_find_decoder(av::codec_id(info.codec));
  av::Ptr<AVCodecContext> context(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (!context) return fail(ErrorCode::kUnsupported, "libavcodec here can't decode the picture");
  context->thread_count = 1;
  context->max_pixels = kMaxPixels;
  if (const int opened = avcodec_open2(context.get(), codec, nullptr); opened < 0)
    return fail(av::error("opening the decoder", opened));
  auto stream = annexb(info, key_frame);
  const auto packet = av::make_packet();
  packet->data = stream.data();
  packet->size = static_cast<int>(stream.size() - AV_INPUT_BUFFER_PADDING_SIZE);
  auto frame = std::make_unique<Frame>(Frame{av::make_frame()});
  avcodec_send_packet(context.get(), packet.get());
  avcodec_send_packet(context.get(), nullptr);
  if (avcodec_receive_frame(context.get(), frame->picture.get()) < 0)
    return fail(ErrorCode::kProtocol, "the camera's key frame could not be decoded");
  return StillPtr(new Still(std::move(frame)));
}

Result<media::Bytes> Still::jpeg(unsigned width, int quality) const {
  const auto& source = *frame_->picture;
  const bool scale = width != 0 && width < this->width();
  const int w = scale ? static_cast<int>(width) : source.width;
  const int h =
      scale ? std::max(1, static_cast<int>(av_rescale(source.height, w, source.width))) : source.height;
  auto picture = converted(source, w, h);
  if (!picture) return fail(picture.error());
  const auto* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  const av::Ptr<AVCodecContext> context(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (!context) return fail(ErrorCode::kUnsupported, "libavcodec here has no JPEG encoder");
  context->width = w;
  context->height = h;
  context->pix_fmt = AV_PIX_FMT_YUVJ420P;
  context->time_base = {1, 1};
  context->thread_count = 1;
  context->flags |= AV_CODEC_FLAG_QSCALE;
  (*picture)->quality = context->global_quality = quality * FF_QP2LAMBDA;
  (*picture)->pts = 0;
  const auto packet = av::make_packet();
  int error = avcodec_open2(context.get(), codec, nullptr);
  if (error >= 0) error = avcodec_send_frame(context.get(), picture->get());
  if (error >= 0) error = avcodec_receive_packet(context.get(), packet.get());
  if (error < 0) return fail(av::error("encoding the picture as JPEG", error));
  return media::Bytes(packet->data, packet->data + packet->size);
}

}  // namespace camctl::hls
