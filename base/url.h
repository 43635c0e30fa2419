// URLs of cameras and services (RFC 3986), kept byte-exact where devices depend on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace camctl {

// An absolute hierarchical URL. Path, query and fragment are never normalised, because a camera's
// `rtsp://ip:554/` and `rtsp://ip:554` may be different streams (quirk 80).
class Url {
 public:
  // Accepts scheme://[user[:password]@]host[:port][/path][?query]; IPv6 hosts in brackets, with or without
  // a zone. At most kMaxLength bytes, no control characters or spaces. Error: kUsage, without the password.
  static Result<Url> parse(std::string_view text);

  static constexpr std::size_t kMaxLength = 4096;  // longer than any camera's, short enough for a log line

  std::string scheme;                 // lower case
  Credentials credentials;            // percent-decoded; empty if absent
  std::string host;                   // lower case, an IPv6 address without its brackets
  std::optional<std::uint16_t> port;  // as written
  std::string target;                 // path and query, byte-exact, may be empty

  // The port to connect to: as written, else the scheme's default (0 if that is unknown).
  std::uint16_t effective_port() const;
  // host[:port] as it stands in a Host header: the port is omitted where it is the default or not written.
  std::string authority() const;
  // The URL without credentials: for logs, API answers and files.
  std::string to_string() const;
  // The URL with the given credentials, percent-encoded: only ever for a connection, never for output.
  Secret with(const Credentials& credentials) const;
};

// `text` with the password of every URL in it replaced by "***", for messages that come from elsewhere.
std::string redact_urls(std::string_view text);

// The same in place, of the same length: for what a process was started with.
void mask_urls(char* text);

// RFC 3986 percent coding. `keep` lists characters to leave besides the unreserved ones. Decoding leaves
// malformed escapes as they are.
std::string percent_encode(std::string_view text, std::string_view keep = {});
std::string percent_decode(std::string_view text);

}  // namespace camctl
