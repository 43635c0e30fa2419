#include "libhls/ffmpeg/av.h"

#include <array>
#include <cerrno>
#include <cstdarg>
#include <mutex>
#include <new>
#include <string>

extern "C" {
#include <libavutil/log.h>
}

#include "base/log.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::hls::av {
namespace {

// Longer than any URL of ours, so that none is cut before the "@" by which its password is recognised.
constexpr std::size_t kMaxLogLine = 2 * Url::kMaxLength;

ErrorCode code_of(int averror) {
  switch (averror) {
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return ErrorCode::kAuth;
    case AVERROR_HTTP_NOT_FOUND:
      return ErrorCode::kNotFound;
    case AVERROR_HTTP_BAD_REQUEST:
    case AVERROR_HTTP_OTHER_4XX:
    case AVERROR_HTTP_SERVER_ERROR:
    case AVERROR_INVALIDDATA:
    case AVERROR(EPROTO):
      return ErrorCode::kProtocol;
    case AVERROR(ETIMEDOUT):
      return ErrorCode::kTimeout;
    case AVERROR_EXIT:
      return ErrorCode::kCancelled;
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(EPROTONOSUPPORT):
    case AVERROR(ENOSYS):
      return ErrorCode::kUnsupported;
    case AVERROR(ENOENT):
    case AVERROR(EACCES):
    case AVERROR(EISDIR):
      return ErrorCode::kIo;
    case AVERROR(ENOMEM):
      return ErrorCode::kLimit;
    default:
      return ErrorCode::kNetwork;
  }
}

std::string reason_of(int averror) {
  switch (averror) {
    case AVERROR_HTTP_UNAUTHORIZED:
      return "the credentials are refused (401)";
    case AVERROR_HTTP_FORBIDDEN:
      return "access is refused (403)";
    case AVERROR_HTTP_NOT_FOUND:
      return "there is no such stream (404)";
    case AVERROR_HTTP_BAD_REQUEST:
      return "the request is refused (400)";
    case AVERROR_HTTP_OTHER_4XX:
      return "the request is refused (4xx)";
    case AVERROR_HTTP_SERVER_ERROR:
      return "the camera reports a failure of its own (5xx)";
    case AVERROR_INVALIDDATA:
      return "the answer or the media data is not understood";
    case AVERROR_EOF:
      return "the camera closed the connection";
    case AVERROR(ETIMEDOUT):
      return "no answer in time";
    case AVERROR(EIO):  // so libavformat calls a name that is not known, too
      return "there is no such host, or the connection broke";
    case AVERROR_PROTOCOL_NOT_FOUND:
      return "this kind of address is not allowed here";
    default:
      break;
  }
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(averror, text.data(), text.size());
  return text.data();
}

// A peer's text may be in the line: no control characters reach the terminal.
std::string safe(std::string_view line) {
  auto result = redact_urls(text::trim(line));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return result;
}

void on_log(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_INFO) return;
  auto& logger = log::get();
  const auto as = level < AV_LOG_WARNING ? spdlog::level::debug : spdlog::level::trace;
  if (!logger.should_log(as)) return;
  std::array<char, kMaxLogLine> line{};
  int print_prefix = 1;
  av_log_format_line2(object, level, format, arguments, line.data(), static_cast<int>(line.size()),
                      &print_prefix);
  if (const auto text = safe(line.data()); !text.empty()) logger.log(as, "ffmpeg: {}", text);
}

template <class T>
T* required(T* object) {
  if (!object) throw std::bad_alloc();
  return object;
}

}  // namespace

Ptr<AVPacket> make_packet() { return Ptr<AVPacket>(required(av_packet_alloc())); }
Ptr<AVFrame> make_frame() { return Ptr<AVFrame>(required(av_frame_alloc())); }

Error error(std::string_view doing, int averror) {
  return {code_of(averror), fmt::format("{}: {}", doing, reason_of(averror)), {}};
}

void route_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(on_log); });
}

}  // namespace camctl::hls::av
