#include "librtsp/stream_parser.h"

#include <algorithm>

namespace camctl::rtsp {
namespace {

constexpr std::uint8_t kFrameMark = '$';
constexpr std::size_t kFrameHeader = 4;

std::string_view as_text(media::ByteView data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

}  // namespace

// To the next '$' or "RTSP/"; behind the first byte, which was tried already.
Result<std::size_t> StreamParser::skip_garbage(media::ByteView data) {
  const auto text = as_text(data);
  const auto skipped = std::min({text.find('$', 1), text.find("RTSP/", 1), data.size()});
  garbage_ += skipped;
  if (garbage_ > kMaxGarbage) return fail(ErrorCode::kProtocol, "what the camera sends is not RTSP");
  return skipped;
}

Result<std::size_t> StreamParser::consume(media::ByteView data, StreamHandler& handler) {
  std::size_t position = 0;
  while (position < data.size() && handler.wants_more()) {
    const auto rest = data.subspan(position);
    if (rest[0] == kFrameMark) {
      if (rest.size() < kFrameHeader) break;
      const std::size_t size = static_cast<std::size_t>(rest[2]) << 8 | rest[3];
      if (rest.size() < kFrameHeader + size) break;
      handler.on_frame(rest[1], rest.subspan(kFrameHeader, size));
      position += kFrameHeader + size;
      garbage_ = 0;
      continue;
    }
    Message message;
    const auto used = parse_message(as_text(rest), message);
    if (used && *used == 0) break;
    if (used) {
      handler.on_message(message);
      position += *used;
      garbage_ = 0;
      continue;
    }
    const auto skipped = skip_garbage(rest);
    if (!skipped) return fail(skipped.error());
    position += *skipped;
  }
  return position;
}

}  // namespace camctl::rtsp
