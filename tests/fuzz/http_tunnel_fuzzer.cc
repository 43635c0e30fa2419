// What both ends of a tunnel through HTTP hear before and inside it: a head, then base64.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "librtsp/http_tunnel.h"

using namespace camctl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  rtsp::HttpHead head;
  const auto used = rtsp::parse_http_head(text, head);
  if (used && *used > size) abort();
  if (used && *used > 0 && head.headers.size() > rtsp::kMaxHttpHeaders) abort();
  const auto body = text.substr(used ? *used : 0);
  // In one piece and in two: the same bytes.
  rtsp::TunnelDecoder one, two;
  const auto whole = one.decode(body);
  const auto first = two.decode(body.substr(0, body.size() / 2));
  if (!first) return 0;
  const auto second = two.decode(body.substr(body.size() / 2));
  if (whole.has_value() != second.has_value()) abort();
  if (whole && *whole != *first + *second) abort();
  return 0;
}
