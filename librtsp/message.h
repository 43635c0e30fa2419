// RTSP/1.0 messages (RFC 2326 §4-§7, §12), parsed in place for servers and clients alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace camctl::rtsp {

inline constexpr std::size_t kMaxHeaderBytes = 16u
                                               << 10;  // request line and headers; cameras send below 2 KiB
inline constexpr std::size_t kMaxHeaders = 64;         // cameras send below 20
inline constexpr std::size_t kMaxBodyBytes = 256u << 10;  // an SDP is below 4 KiB, parameters are less

// One request or response. Every view points into the buffer it was parsed from.
struct Message {
  std::string_view method, target;  // of a request
  int status = 0;                   // of a response; 0 for a request
  std::string_view reason;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // values without outer white space
  std::string_view body;

  bool is_request() const { return status == 0; }
  // The first header of that name (any case), or empty. Several WWW-Authenticate: read `headers`.
  std::string_view header(std::string_view name) const;
  // CSeq as a number; nothing if absent or malformed.
  std::optional<std::uint32_t> cseq() const;
};

// Reads one message from the front of `buffer` and returns its size; 0 if more bytes are needed. Tolerates
// empty lines before it, bare LF, folded headers, header lines without a colon (skipped), any 1.x version.
// kProtocol if it is no RTSP message, kLimit if it exceeds one of the bounds above.
Result<std::size_t> parse_message(std::string_view buffer, Message& message);

// One alternative of a Transport header (RFC 2326 §12.39).
struct Transport {
  bool tcp = false;        // RTP/AVP/TCP; else UDP
  bool multicast = false;  // absent from the header means multicast in the RFC, unicast with every camera
  std::optional<std::pair<std::uint8_t, std::uint8_t>> interleaved;
  std::optional<std::pair<std::uint16_t, std::uint16_t>> client_port, server_port;
  std::optional<std::pair<std::uint16_t, std::uint16_t>> port;  // of multicast
  std::string_view source, destination;
  std::optional<std::uint32_t> ssrc;
  friend bool operator==(const Transport&, const Transport&) = default;
};

// The alternatives that name RTP/AVP, in their order; others and malformed ones are left out. At most
// kMaxTransports.
std::vector<Transport> parse_transports(std::string_view header);
inline constexpr std::size_t kMaxTransports = 8;

// The standard's phrase for a status ("Not Found"); "Unknown" else.
std::string_view reason_phrase(int status);

}  // namespace camctl::rtsp
