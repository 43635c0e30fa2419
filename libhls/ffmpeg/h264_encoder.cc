#include "libhls/ffmpeg/h264_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

extern "C" {
#include <libavutil/hwcontext.h>
}

#include "libhls/encoder_choice.h"

namespace camctl::hls {
namespace {

constexpr int kGuessedFrameRate = 25;  // for rate control, until the encoder sees the times
constexpr int kLongestGop = 600;       // key frames are asked for one by one; this only bounds a mistake
constexpr int kDevicePictures = 20;    // in a device's memory: what is being encoded, and one being uploaded

constexpr std::array<const char*, 4> kHardware = {"h264_nvenc", "h264_qsv", "h264_vaapi", "h264_v4l2m2m"};

Error unsupported(const std::string& name, std::string_view why) {
  return {ErrorCode::kUnsupported, fmt::format("transcoding by {}: {}", name, why), {}};
}

bool takes(const AVCodec& codec, AVPixelFormat format) {
  for (const auto* one = codec.pix_fmts; one != nullptr && *one != AV_PIX_FMT_NONE; ++one)
    if (*one == format) return true;
  return false;
}

void set_rates(AVCodecContext& context, const H264EncoderSettings& settings) {
  context.bit_rate = settings.bitrate;
  context.rc_max_rate = std::max(settings.maxrate, settings.bitrate);
  context.rc_buffer_size = static_cast<int>(context.rc_max_rate * settings.rate_buffer.count() / 1000);
}

void set_options(av::Dictionary& options, const H264EncoderSettings& settings) {
  if (settings.name == "h264_qsv") return options.set("forced_idr", "1");
  if (settings.name == "h264_nvenc") {
    options.set("forced-idr", "1");
    if (settings.immediate) options.set("delay", "0");
  }
  if (settings.name != kSoftwareEncoder) return;
  if (!settings.preset.empty()) options.set("preset", settings.preset.c_str());
  options.set("forced-idr", "1");
  options.set("x264-params", settings.immediate ? "log-level=none:rc-lookahead=0:sync-lookahead=0:mbtree=0"
                                                : "log-level=none");
}

}  // namespace

Result<H264Encoder> H264Encoder::open(const H264EncoderSettings& settings) {
  const auto* codec = avcodec_find_encoder_by_name(settings.name.c_str());
  if (!codec) return fail(unsupported(settings.name, "this libavcodec lacks it"));
  H264Encoder result;
  result.context_.reset(avcodec_alloc_context3(codec));
  if (!result.context_) return fail(ErrorCode::kLimit, "transcoding: out of memory");
  auto& context = *result.context_;
  context.width = settings.width;
  context.height = settings.height;
  context.time_base = {1, static_cast<int>(settings.clock_rate)};
  const auto rate = settings.frame_rate;
  context.framerate = rate.numerator != 0
                          ? AVRational{static_cast<int>(rate.numerator), static_cast<int>(rate.denominator)}
                          : AVRational{kGuessedFrameRate, 1};
  set_rates(context, settings);
  context.gop_size = kLongestGop;
  context.max_b_frames = 0;  // a live picture does not wait for later ones
  if (settings.immediate) context.thread_count = 1;
  context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;  // so that playlists can say what will come
  if (takes(*codec, AV_PIX_FMT_VAAPI)) {
    if (auto ready = result.use_device(); !ready)
      return fail(unsupported(settings.name, ready.error().message));
  } else {
    result.format_ = takes(*codec, AV_PIX_FMT_YUV420P) ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_NV12;
    context.pix_fmt = result.format_;
  }
  av::Dictionary options;
  set_options(options, settings);
  if (const int opened = avcodec_open2(&context, codec, options.pointer()); opened < 0)
    return fail(unsupported(settings.name, av::error("opening the encoder", opened).message));
  return result;
}

// For an encoder that takes pictures in its device's memory only.
Result<void> H264Encoder::use_device() {
  AVBufferRef* device = nullptr;
  if (const int made = av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, nullptr, nullptr, 0); made < 0)
    return fail(av::error("opening the device", made));
  const std::unique_ptr<AVBufferRef, void (*)(AVBufferRef*)> owner(
      device, [](AVBufferRef* ref) { av_buffer_unref(&ref); });
  context_->hw_frames_ctx = av_hwframe_ctx_alloc(device);
  if (!context_->hw_frames_ctx) return fail(ErrorCode::kLimit, "out of memory");
  auto& frames = *reinterpret_cast<AVHWFramesContext*>(context_->hw_frames_ctx->data);
  frames.format = context_->pix_fmt = AV_PIX_FMT_VAAPI;
  frames.sw_format = format_ = AV_PIX_FMT_NV12;
  frames.width = context_->width;
  frames.height = context_->height;
  frames.initial_pool_size = kDevicePictures;
  if (const int ready = av_hwframe_ctx_init(context_->hw_frames_ctx); ready < 0)
    return fail(av::error("the device's memory", ready));
  uploaded_ = av::make_frame();
  return {};
}

int H264Encoder::send(AVFrame* picture) {
  if (picture == nullptr || !uploaded_) return avcodec_send_frame(context_.get(), picture);
  av_frame_unref(uploaded_.get());
  if (const int got = av_hwframe_get_buffer(context_->hw_frames_ctx, uploaded_.get(), 0); got < 0) return got;
  if (const int moved = av_hwframe_transfer_data(uploaded_.get(), picture, 0); moved < 0) return moved;
  uploaded_->pts = picture->pts;
  uploaded_->pict_type = picture->pict_type;
  return avcodec_send_frame(context_.get(), uploaded_.get());
}

Result<EncoderChoice> choose_encoder(std::string_view wanted) {
  av::route_log();
  H264EncoderSettings settings;  // that every encoder can do
  settings.width = 640;
  settings.height = 360;
  settings.bitrate = settings.maxrate = 800'000;
  EncoderChoice choice;
  const auto works = [&](std::string_view name) {
    settings.name = name;
    auto opened = H264Encoder::open(settings);
    if (!opened) choice.absent.push_back(std::move(opened.error().message));
    return opened.has_value();
  };
  if (wanted != "auto") {
    if (!works(wanted))
      return fail(ErrorCode::kUnsupported, choice.absent.front(),
                  "auto takes the best one that this machine has");
    choice.name = wanted;
    return choice;
  }
  const auto found = std::ranges::find_if(kHardware, works);
  choice.name = found == kHardware.end() ? kSoftwareEncoder : *found;
  return choice;
}

}  // namespace camctl::hls
