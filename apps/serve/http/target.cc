#include "apps/serve/http/target.h"

#include <algorithm>

#include "base/cidr.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Result<std::string> decode_segment(std::string_view raw) {
  for (std::size_t i = 0; i < raw.size(); ++i)
    if (raw[i] == '%' && (i + 2 >= raw.size() || !is_hex(raw[i + 1]) || !is_hex(raw[i + 2])))
      return fail(ErrorCode::kUsage, "bad percent escape in the path");
  auto segment = percent_decode(raw);
  if (segment == "." || segment == "..") return fail(ErrorCode::kUsage, "dot segment in the path");
  for (const char c : segment)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\')
      return fail(ErrorCode::kUsage, "character in the path that no name here has");
  return segment;
}

Result<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (true) {
    const auto slash = std::min(path.find('/'), path.size());
    auto segment = decode_segment(path.substr(0, slash));
    if (!segment) return fail(segment.error());
    segments.push_back(std::move(*segment));
    if (slash == path.size()) return segments;
    if (segments.size() == kMaxSegments) return fail(ErrorCode::kUsage, "path with too many parts");
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") return target;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '#')
      return fail(ErrorCode::kUsage, "character that a request target can't have");
  if (const auto scheme = text.find("://"); scheme != text.npos && !text.starts_with('/')) {
    if (const auto s = text::lower(text.substr(0, scheme)); s != "http" && s != "https")
      return fail(ErrorCode::kUsage, "request target of another protocol");
    text.remove_prefix(scheme + 3);
    const auto end = std::min(text.find_first_of("/?"), text.size());
    target.authority = std::string(text.substr(0, end));
    text.remove_prefix(end);
    if (target.authority.empty()) return fail(ErrorCode::kUsage, "request target without a host");
  } else if (!text.starts_with('/')) {
    return fail(ErrorCode::kUsage, "request target that is no path");
  }
  const auto question = std::min(text.find('?'), text.size());
  if (question < text.size()) target.query = std::string(text.substr(question + 1));
  auto path = text.substr(0, question);
  if (path.starts_with('/')) path.remove_prefix(1);
  auto segments = split_path(path);
  if (!segments) return fail(segments.error());
  target.segments = std::move(*segments);
  return target;
}

Result<Authority> parse_authority(std::string_view text) {
  const auto bad = [] { return fail(ErrorCode::kUsage, "not a host"); };
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos) return bad();
    authority.host = text::lower(text.substr(1, close - 1));
    if (authority.host.find(':') == std::string::npos || !IpAddress::parse(authority.host)) return bad();
    rest = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    authority.host = text::lower(text.substr(0, colon));
    rest = text.substr(colon);
  }
  for (const char c : authority.host) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
    if (!allowed) return bad();
  }
  if (authority.host.empty()) return bad();
  if (rest.empty()) return authority;
  constexpr std::size_t kMaxPortDigits = 5;
  if (rest[0] != ':' || rest.size() > 1 + kMaxPortDigits) return bad();
  authority.port = std::string(rest.substr(1));
  if (authority.port.find_first_not_of("0123456789") != std::string::npos) return bad();
  return authority;
}

std::string query_value(std::string_view query, std::string_view name) {
  for (const auto item : text::split(query, "&")) {
    const auto equals = std::min(item.find('='), item.size());
    if (item.substr(0, equals) != name) continue;
    return equals == item.size() ? std::string{} : percent_decode(item.substr(equals + 1));
  }
  return {};
}

}  // namespace camctl::apps::serve
