// What every response gets, whoever made it: conditions, ranges, CORS, security headers, its head as bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/http/message.h"

namespace camctl::apps::serve {

// A single byte range (RFC 9110 §14.1.2), already cut to the representation's size.
struct ByteRange {
  std::size_t first = 0, last = 0;  // both included
};
enum class RangeVerdict : std::uint8_t { kNone, kSatisfiable, kUnsatisfiable };
// kNone also for what a server may ignore: other units, several ranges, bad syntax.
RangeVerdict parse_range(std::string_view header, std::size_t size, ByteRange& range);

// Whether a list of entity tags ("*", W/"a", "b") names `etag`, compared weakly (RFC 9110 §8.8.3.2).
bool etag_matches(std::string_view header, std::string_view etag);

// `body` without what is outside the range; shares its memory.
hls::BodyPtr slice(const hls::BodyPtr& body, const ByteRange& range);

// Applies If-None-Match and Range to a 200 answer of GET or HEAD, and adds the headers of `cors_origins`.
// Where somebody is logged in, no shared cache may keep it.
void apply_request(const Request& request, const std::vector<std::string>& cors_origins, Response& response);

// The status line and the header fields with their empty line. `date` is an IMF-fixdate.
std::string head_of(const Response& response, bool keep_alive, std::string_view date);

// The IMF-fixdate of a time (RFC 9110 §5.6.7).
std::string http_date(std::chrono::system_clock::time_point time);

}  // namespace camctl::apps::serve
