// WebSocket (RFC 6455), the server's side: opening handshake, frames. Nothing here has a socket.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/serve/http/message.h"

namespace camctl::apps::serve {

// A client of ours has nothing to say but pings, pongs and the end; a message may still come (§5.4 counts its
// fragments together).
inline constexpr std::size_t kMaxClientMessage = 4096;
inline constexpr std::size_t kMaxControlPayload = 125;  // §5.5

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

// Why a connection ends (§7.4.1).
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocol = 1002,
  kUnsupported = 1003,
  kNone = 1005,  // never sent
  kInvalidText = 1007,
  kTooBig = 1009,
  kRestart = 1012,
};

// What the handshake (§4.2.1) lacks: 400, or 426 naming the version known here. Nothing if it is in order.
std::optional<Response> refuse_handshake(const Request& request);
// The Sec-WebSocket-Accept of a key (§4.2.2).
std::string websocket_accept(std::string_view key);

// The header of an unmasked, unfragmented frame.
std::string frame_header(Opcode opcode, std::uint64_t size);
// A whole close frame. `reason` is cut to what fits.
std::string close_frame(CloseCode code, std::string_view reason);

// Reads what a client sends. Messages are checked and dropped; of pings the last one counts (§5.5.3).
class ClientFrames {
 public:
  struct Received {
    std::optional<std::string> ping;  // to be answered by a pong with the same
    std::optional<CloseCode> close;   // the client's closing handshake; kNone where it gave no code
    bool any = false;                 // a frame was complete
  };
  // Takes all of `bytes`, up to a close frame. The error is the code to end the connection with (§7.1.7);
  // after that, or after a close, no more may be fed.
  tl::expected<Received, CloseCode> feed(std::string_view bytes);

 private:
  std::optional<CloseCode> take_header();
  std::optional<CloseCode> end_frame(Received& received);
  std::size_t header_size() const;  // as far as it can be told

  std::array<std::uint8_t, 14> header_{};
  std::size_t header_filled_ = 0;
  Opcode opcode_{};
  bool final_ = false;
  std::array<std::uint8_t, 4> mask_{};
  std::uint64_t left_ = 0;   // of the payload
  std::size_t mask_at_ = 0;  // position in the payload
  bool in_payload_ = false;
  std::string control_;        // payload of the control frame being read
  bool in_message_ = false;    // a fragmented message is open
  std::uint64_t message_ = 0;  // its bytes so far
};

}  // namespace camctl::apps::serve
