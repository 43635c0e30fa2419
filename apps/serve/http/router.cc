#include "apps/serve/http/router.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace camctl::apps::serve {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number at the front of `text`, which is shortened by it. False if there is none.
bool take_number(std::string_view& text, std::uint64_t& value) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
  if (std::from_chars(text.data(), text.data() + digits, value).ec != std::errc{}) return false;
  text.remove_prefix(digits);
  return true;
}

void add_method(std::string& list, std::string_view method) {
  if (list.find(method) != std::string::npos) return;
  if (!list.empty()) list += ", ";
  list += method;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const auto& route : routes_) {
    patterns_.push_back(compile(route.pattern));
    contents_.push_back(content_of(route.pattern));
  }
}

std::vector<Router::Segment> Router::compile(std::string_view pattern) {
  assert(pattern.starts_with('/'));
  std::vector<Segment> segments(1);
  for (std::size_t i = 1; i < pattern.size();) {
    if (pattern[i] == '/') {
      segments.emplace_back();
      ++i;
    } else if (pattern[i] == '{') {
      const auto close = pattern.find('}', i);
      assert(close != pattern.npos);
      const bool number = pattern[i + 1] == '#';
      const auto start = i + (number ? 2 : 1);
      segments.back().push_back(
          {number ? Part::Kind::kNumber : Part::Kind::kText, pattern.substr(start, close - start)});
      i = close + 1;
    } else {
      const auto end = std::min(pattern.find_first_of("/{", i), pattern.size());
      segments.back().push_back({Part::Kind::kLiteral, pattern.substr(i, end - i)});
      i = end;
    }
  }
  return segments;
}

bool Router::match_segment(const Segment& parts, std::string_view text, Params& params) {
  for (const auto& part : parts) {
    switch (part.kind) {
      case Part::Kind::kLiteral:
        if (!text.starts_with(part.text)) return false;
        text.remove_prefix(part.text.size());
        break;
      case Part::Kind::kNumber: {
        std::uint64_t value = 0;
        if (!take_number(text, value)) return false;
        params.numbers.emplace_back(part.text, value);
        break;
      }
      case Part::Kind::kText:  // always the whole segment
        if (text.empty()) return false;
        params.texts.emplace_back(part.text, std::string(text));
        text = {};
        break;
    }
  }
  return text.empty();
}

bool Router::match_path(const std::vector<Segment>& pattern, const Request& request, Params& params) {
  if (pattern.size() != request.segments.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (!match_segment(pattern[i], request.segments[i], params)) return false;
  return true;
}

Router::Match Router::match(Request& request) const {
  std::string allow;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    Params params;
    if (!match_path(patterns_[i], request, params)) continue;
    const auto& route = routes_[i];
    if (route.method == request.method || (route.method == Method::kGet && request.method == Method::kHead)) {
      request.params = std::move(params);
      return {&route, {}, contents_[i]};
    }
    add_method(allow, name(route.method));
    if (route.method == Method::kGet) add_method(allow, "HEAD");
  }
  return {nullptr, allow, Content::kPage};
}

}  // namespace camctl::apps::serve
