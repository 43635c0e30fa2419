#include "librtsp/http_tunnel.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace camctl::rtsp {
namespace {

std::optional<std::uint32_t> base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

// "GET /path HTTP/1.0" or "HTTP/1.1 200 OK".
bool parse_start_line(std::string_view line, HttpHead& head) {
  const auto words = text::split(line, " ");
  if (words.size() < 2) return false;
  if (words[0].starts_with("HTTP/1.")) {
    const auto [end, error] =
        std::from_chars(words[1].data(), words[1].data() + words[1].size(), head.status);
    return error == std::errc() && end == words[1].data() + words[1].size() && head.status >= 100;
  }
  if (words.size() != 3 || !words[2].starts_with("HTTP/1.")) return false;
  head.method = words[0];
  head.target = words[1];
  return true;
}

}  // namespace

std::string_view HttpHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (text::iequals(key, name)) return value;
  return {};
}

Result<std::size_t> parse_http_head(std::string_view buffer, HttpHead& head) {
  head = {};
  const auto end = buffer.find("\r\n\r\n");
  if (end == std::string_view::npos && buffer.size() <= kMaxHttpHead) return 0;
  if (end > kMaxHttpHead)  // or it has none within that
    return fail(ErrorCode::kLimit, "HTTP header is too long");
  auto rest = buffer.substr(0, end);
  for (bool first = true; !rest.empty() || first; first = false) {
    const auto size = std::min(rest.find("\r\n"), rest.size());
    const auto line = rest.substr(0, size);
    rest.remove_prefix(std::min(size + 2, rest.size()));
    if (first) {
      if (!parse_start_line(line, head)) return fail(ErrorCode::kProtocol, "not an HTTP message");
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (head.headers.size() == kMaxHttpHeaders) return fail(ErrorCode::kLimit, "too many HTTP headers");
    head.headers.emplace_back(text::trim(line.substr(0, colon)), text::trim(line.substr(colon + 1)));
  }
  return end + 4;
}

Result<std::string> TunnelDecoder::decode(std::string_view text) {
  constexpr unsigned kBitsPerCharacter = 6, kBitsPerByte = 8;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4 + 1);
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
    if (c == '=') {  // the end of one encoding: what is left of its bits is padding
      count_ = 0;
      continue;
    }
    const auto value = base64_value(c);
    if (!value) return fail(ErrorCode::kProtocol, "what comes through the tunnel is not base64");
    bits_ = bits_ << kBitsPerCharacter | *value;
    count_ += kBitsPerCharacter;
    if (count_ < kBitsPerByte) continue;
    count_ -= kBitsPerByte;
    bytes.push_back(static_cast<char>(bits_ >> count_ & 0xff));
  }
  return bytes;
}

}  // namespace camctl::rtsp
