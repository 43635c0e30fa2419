// RTSP inside two HTTP connections, for networks that let nothing else through (Apple's QuickTime tunnel,
// which ONVIF Streaming §5.1.1.3 takes over): the reply to a GET carries what the server sends; the body of a
// POST with the same x-sessioncookie carries, in base64, what the client sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace camctl::rtsp {

inline constexpr std::string_view kTunnelType = "application/x-rtsp-tunnelled";
inline constexpr std::string_view kCookieHeader = "x-sessioncookie";
inline constexpr std::size_t kMaxTunnelCookie = 128;    // clients send 16 to 36 bytes
inline constexpr std::size_t kMaxHttpHead = 16u << 10;  // as RTSP's; real ones have some hundred bytes
inline constexpr std::size_t kMaxHttpHeaders = 64;

// The start line and headers of an HTTP/1.x message, views into what was parsed.
struct HttpHead {
  std::string_view method, target;  // of a request
  int status = 0;                   // of a response; 0 for a request
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view header(std::string_view name) const;  // the first of that name, or empty
};

// Reads a head from the front of `buffer` and returns its size; 0 if more bytes are needed. kProtocol where
// it is none, kLimit beyond the bounds above.
Result<std::size_t> parse_http_head(std::string_view buffer, HttpHead& head);

// Base64 as it comes in a POST: any number of encodings one after the other, each padded, cut anywhere.
class TunnelDecoder {
 public:
  // What these characters complete. White space is skipped; kProtocol for anything else that is not base64.
  Result<std::string> decode(std::string_view text);

 private:
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;  // of bits in bits_ that are not yet a byte
};

}  // namespace camctl::rtsp
