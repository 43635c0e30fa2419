// The request target and the authority (RFC 9112 §3.2, RFC 9110 §7.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace camctl::apps::serve {

struct Target {
  std::string authority;              // of the absolute form; empty for the origin form
  std::vector<std::string> segments;  // percent-decoded; "/" is one empty segment, "*" is none
  std::string query;
};

// Takes "/path?query", "http://host/path?query" and "*". kUsage for all else, and for a path with a bad
// escape, a dot segment, an encoded slash or a control character in it: no file or route of ours has such a
// name.
Result<Target> parse_target(std::string_view text);
inline constexpr std::size_t kMaxSegments = 16;  // our deepest route has four

// host[:port] of a Host or Origin header.
struct Authority {
  std::string host;  // lower case, an IPv6 address without its brackets
  std::string port;  // empty: none
};
Result<Authority> parse_authority(std::string_view text);

// The value of `name` in a query string, percent-decoded; empty if it is not there.
std::string query_value(std::string_view query, std::string_view name);

}  // namespace camctl::apps::serve
