#include "apps/serve/http/finish.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/text.h"

namespace camctl::apps::serve {
namespace {

bool parse_number(std::string_view text, std::size_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

void apply_range(const Request& request, Response& response) {
  const auto if_range = request.header("if-range");
  if (!if_range.empty() && (response.etag.empty() || if_range != response.etag)) return;
  const auto size = response.body ? response.body->size : 0;
  ByteRange range;
  switch (parse_range(request.header("range"), size, range)) {
    case RangeVerdict::kNone:
      return;
    case RangeVerdict::kUnsatisfiable: {
      response = error_response(416, "range", "the range is outside the content");
      response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
      return;
    }
    case RangeVerdict::kSatisfiable:
      response.status = 206;
      response.headers.emplace_back("Content-Range",
                                    fmt::format("bytes {}-{}/{}", range.first, range.last, size));
      response.body = slice(response.body, range);
  }
}

void apply_cors(const Request& request, const std::vector<std::string>& origins, Response& response) {
  if (origins.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.header("origin");
  const bool any = std::find(origins.begin(), origins.end(), "*") != origins.end();
  const bool known = std::find(origins.begin(), origins.end(), origin) != origins.end();
  if (origin.empty() || (!any && !known)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", known ? std::string(origin) : "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "ETag, Content-Range, Retry-After");
}

// What somebody had to log in for is no cache's to hand to others (RFC 9111 §5.2.2.7).
void keep_from_caches(const Request& request, Response& response) {
  constexpr std::string_view kPublic = "public";
  if (request.who && !request.who->name.empty() && response.cache_control.starts_with(kPublic))
    response.cache_control.replace(0, kPublic.size(), "private");
}

}  // namespace

RangeVerdict parse_range(std::string_view header, std::size_t size, ByteRange& range) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text::iequals(header.substr(0, kUnit.size()), kUnit)) return RangeVerdict::kNone;
  const auto spec = text::trim(header.substr(kUnit.size()));
  const auto dash = spec.find('-');
  if (dash == spec.npos || spec.find(',') != spec.npos) return RangeVerdict::kNone;
  const auto first = spec.substr(0, dash), last = spec.substr(dash + 1);
  std::size_t a = 0, b = 0;
  if (first.empty()) {  // the last b bytes
    if (!parse_number(last, b)) return RangeVerdict::kNone;
    if (b == 0 || size == 0) return RangeVerdict::kUnsatisfiable;
    range = {size - std::min(b, size), size - 1};
    return RangeVerdict::kSatisfiable;
  }
  if (!parse_number(first, a)) return RangeVerdict::kNone;
  if (last.empty())
    b = size;
  else if (!parse_number(last, b) || b < a)
    return RangeVerdict::kNone;
  if (a >= size) return RangeVerdict::kUnsatisfiable;
  range = {a, std::min(b, size - 1)};
  return RangeVerdict::kSatisfiable;
}

bool etag_matches(std::string_view header, std::string_view etag) {
  if (text::trim(header) == "*") return true;
  for (auto item : text::split(header, ",")) {
    item = text::trim(item);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (!item.empty() && item == etag) return true;
  }
  return false;
}

hls::BodyPtr slice(const hls::BodyPtr& body, const ByteRange& range) {
  auto part = std::make_shared<hls::Body>();
  part->owners.push_back(body);
  std::size_t skip = range.first, left = range.last - range.first + 1;
  for (const auto& piece : body->pieces) {
    if (skip >= piece.size()) {
      skip -= piece.size();
      continue;
    }
    const auto taken = std::min(piece.size() - skip, left);
    part->pieces.push_back(piece.subspan(skip, taken));
    part->size += taken;
    left -= taken;
    skip = 0;
    if (left == 0) break;
  }
  return part;
}

void apply_request(const Request& request, const std::vector<std::string>& cors_origins, Response& response) {
  const bool reads = request.method == Method::kGet || request.method == Method::kHead;
  if (reads && response.status == 200) {
    const auto known = request.header("if-none-match");
    if (!known.empty() && !response.etag.empty() && etag_matches(known, response.etag)) {
      response.status = 304;
      response.body = nullptr;
    } else if (response.ranges && request.method == Method::kGet) {
      apply_range(request, response);
    }
  }
  keep_from_caches(request, response);
  apply_cors(request, cors_origins, response);
}

std::string head_of(const Response& response, bool keep_alive, std::string_view date) {
  std::string head;
  head.reserve(512);
  auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\nServer: camctl\r\n", response.status,
                 reason_phrase(response.status), date);
  const bool has_no_content = response.status == 204 || response.status == 304 || response.status < 200;
  if (!has_no_content && !response.endless)
    fmt::format_to(out, "Content-Length: {}\r\n", response.body ? response.body->size : 0);
  if (!response.content_type.empty()) fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
  if (!response.etag.empty()) fmt::format_to(out, "ETag: {}\r\n", response.etag);
  if (!response.cache_control.empty()) fmt::format_to(out, "Cache-Control: {}\r\n", response.cache_control);
  if (response.ranges) head += "Accept-Ranges: bytes\r\n";
  head += "X-Content-Type-Options: nosniff\r\n";
  for (const auto& [name, value] : response.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
  if (!keep_alive) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

std::string http_date(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", utc);
}

}  // namespace camctl::apps::serve
