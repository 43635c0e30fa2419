#include "base/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/text.h"

namespace camctl {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
         });
}

bool is_host(std::string_view host, bool bracketed) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [bracketed](char c) {
    // Bracketed: an IPv6 address, perhaps with a zone. Underscores do occur in host names of home networks.
    return is_unreserved(c) || (bracketed && (c == ':' || c == '%'));
  });
}

std::uint16_t default_port(std::string_view scheme) {
  constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> kPorts = {
      {{"http", 80}, {"https", 443}, {"rtsp", 554}, {"rtsps", 322}}};
  for (const auto& [known, port] : kPorts)
    if (known == scheme) return port;
  return 0;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    return fail(ErrorCode::kUsage, "the URL's port is not a number from 1 to 65535");
  return static_cast<std::uint16_t>(value);
}

// host, [v6], host:port or [v6]:port
Result<void> parse_host_and_port(std::string_view rest, Url& url) {
  std::string_view port;
  const bool bracketed = rest.starts_with('[');
  if (bracketed) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return fail(ErrorCode::kUsage, "the URL's IPv6 address lacks a ']'");
    url.host = text::lower(rest.substr(1, close - 1));
    rest.remove_prefix(close + 1);
    if (!rest.empty() && rest.front() != ':')
      return fail(ErrorCode::kUsage, "stray rest behind the URL's host");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const auto colon = rest.find(':');
    url.host = text::lower(rest.substr(0, colon));
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (!is_host(url.host, bracketed) || bracketed != (url.host.find(':') != std::string::npos))
    return fail(ErrorCode::kUsage, "the URL has no valid host");
  if (port.empty()) return {};  // "host:" is allowed by RFC 3986 §3.2.3
  auto number = parse_port(port);
  if (!number) return fail(number.error());
  url.port = *number;
  return {};
}

}  // namespace

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    }
  }
  return result;
}

std::string percent_decode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

Result<Url> Url::parse(std::string_view rest) {
  if (rest.size() > kMaxLength) return fail(ErrorCode::kUsage, "the URL is longer than 4096 bytes");
  if (std::any_of(rest.begin(), rest.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; }))
    return fail(ErrorCode::kUsage, "the URL has a space or control character in it");
  const auto colon = rest.find("://");
  if (colon == std::string_view::npos || !is_scheme(rest.substr(0, colon)))
    return fail(ErrorCode::kUsage, "not a URL", "write it as rtsp://HOST[:PORT]/PATH");

  Url url;
  url.scheme = text::lower(rest.substr(0, colon));
  rest.remove_prefix(colon + 3);
  const auto end_of_authority = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end_of_authority);
  url.target = rest.substr(end_of_authority);
  // The last '@' ends the credentials: people do write passwords with an '@' unescaped.
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view credentials = authority.substr(0, at);
    const auto separator = credentials.find(':');
    url.credentials.user = percent_decode(credentials.substr(0, separator));
    if (separator != std::string_view::npos)
      url.credentials.password = Secret(percent_decode(credentials.substr(separator + 1)));
    authority.remove_prefix(at + 1);
  }
  if (auto parsed = parse_host_and_port(authority, url); !parsed) return fail(parsed.error());
  return url;
}

std::uint16_t Url::effective_port() const { return port.value_or(default_port(scheme)); }

std::string Url::authority() const {
  std::string result = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port && *port != default_port(scheme)) result += fmt::format(":{}", *port);
  return result;
}

namespace {

// As written: a default port that stands in the URL stays there.
std::string host_and_port(const Url& url) {
  std::string result = url.host.find(':') == std::string::npos ? url.host : '[' + url.host + ']';
  if (url.port) result += fmt::format(":{}", *url.port);
  return result;
}

}  // namespace

std::string Url::to_string() const { return scheme + "://" + host_and_port(*this) + target; }

Secret Url::with(const Credentials& who) const {
  if (who.empty()) return Secret(to_string());
  return Secret(scheme + "://" + percent_encode(who.user) + ':' + percent_encode(who.password.reveal()) +
                '@' + host_and_port(*this) + target);
}

namespace {

// Where the first password of a URL in `text` begins (npos: there is none) and ends.
struct Found {
  std::size_t begin = std::string_view::npos, end = 0;
};

Found find_password(std::string_view text) {
  Found found;
  for (std::size_t from = 0;;) {
    const auto start = text.find("://", from);
    if (start == text.npos) return found;
    from = start + 3;
    // The authority ends at the path; an '@' before that closes the credentials.
    const auto end = std::min(text.find_first_of("/?# \t\r\n\"'<>", from), text.size());
    const auto at = text.substr(0, end).rfind('@');
    const auto colon = text.find(':', from);
    if (at == text.npos || at < from || colon >= at) continue;
    return {colon + 1, at};
  }
}

}  // namespace

std::string redact_urls(std::string_view text) {
  std::string result;
  for (;;) {
    const auto found = find_password(text);
    if (found.begin == text.npos) return result.append(text);
    result.append(text.substr(0, found.begin)).append("***");
    text.remove_prefix(found.end);
  }
}

void mask_urls(char* text) {
  for (std::string_view rest(text);;) {
    const auto found = find_password(rest);
    if (found.begin == rest.npos) return;
    char* begin = text + (rest.data() - text);
    std::fill(begin + found.begin, begin + found.end, '*');
    rest.remove_prefix(found.end);
  }
}

}  // namespace camctl
