#include "apps/serve/http/websocket_frames.h"

#include <openssl/sha.h>

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace camctl::apps::serve {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // §1.3
constexpr std::size_t kKeyBytes = 16;                                       // §4.1
constexpr std::uint8_t kFin = 0x80, kReserved = 0x70, kMasked = 0x80, kLength16 = 126, kLength64 = 127;

bool has_token(std::string_view list, std::string_view token) {
  const auto items = text::split(list, ",");
  return std::any_of(items.begin(), items.end(),
                     [&](std::string_view item) { return text::iequals(text::trim(item), token); });
}

bool is_key(std::string_view text) {
  constexpr std::size_t kTextSize = 24;
  if (text.size() != kTextSize) return false;
  const auto bytes = base64_decode(text);
  return bytes && bytes->size() == kKeyBytes;
}

bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

// Codes that may stand in a close frame (§7.4.1, §7.4.2).
bool may_be_sent(unsigned code) {
  if (code >= 3000 && code < 5000) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

// Well-formed UTF-8 (RFC 3629 §4): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xc2 && lead < 0xe0   ? 1
                     : lead >= 0xe0 && lead < 0xf0 ? 2
                     : lead >= 0xf0 && lead < 0xf5 ? 3
                                                   : 0;
    if (more == 0 || text.size() - i < static_cast<std::size_t>(more)) return false;
    const auto second = static_cast<std::uint8_t>(text[i]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return false;
    for (int k = 0; k < more; ++k)
      if ((static_cast<std::uint8_t>(text[i++]) & 0xc0) != 0x80) return false;
  }
  return true;
}

}  // namespace

std::optional<Response> refuse_handshake(const Request& request) {
  const auto upgrade_required = [](std::string_view message) {
    auto response = error_response(426, "websocket", message, "this address speaks WebSocket (RFC 6455)");
    response.headers.emplace_back("Upgrade", "websocket");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
  };
  if (!has_token(request.header("upgrade"), "websocket") ||
      !has_token(request.header("connection"), "upgrade") || request.http_1_0 ||
      request.method != Method::kGet)
    return upgrade_required("only a WebSocket can be opened here");
  if (request.header("sec-websocket-version") != "13")
    return upgrade_required("this WebSocket version is not known");
  if (request.header_count("sec-websocket-key") != 1 || !is_key(request.header("sec-websocket-key")))
    return error_response(400, "websocket", "the WebSocket key is missing or malformed");
  return std::nullopt;
}

std::string websocket_accept(std::string_view key) {
  const auto text = std::string(key) + std::string(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64_encode(std::span<const std::uint8_t>(digest));
}

std::string frame_header(Opcode opcode, std::uint64_t size) {
  std::string header(1, static_cast<char>(kFin | static_cast<std::uint8_t>(opcode)));
  const auto append = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) header += static_cast<char>(size >> shift);
  };
  if (size < kLength16) {
    append(1);
  } else if (size <= 0xffff) {
    header += static_cast<char>(kLength16);
    append(2);
  } else {
    header += static_cast<char>(kLength64);
    append(8);
  }
  return header;
}

std::string close_frame(CloseCode code, std::string_view reason) {
  reason = reason.substr(0, kMaxControlPayload - 2);
  const auto number = static_cast<std::uint16_t>(code);
  auto frame = frame_header(Opcode::kClose, 2 + reason.size());
  frame += static_cast<char>(number >> 8);
  frame += static_cast<char>(number & 0xff);
  frame += reason;
  return frame;
}

tl::expected<ClientFrames::Received, CloseCode> ClientFrames::feed(std::string_view bytes) {
  Received received;
  while (true) {
    if (!in_payload_) {
      while (header_filled_ < header_size() && !bytes.empty()) {
        header_[header_filled_++] = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
      }
      if (header_filled_ < header_size()) return received;
      if (const auto refused = take_header()) return tl::unexpected(*refused);
    }
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    if (is_control(opcode_)) {
      for (const char c : bytes.substr(0, taken))
        control_ += static_cast<char>(static_cast<std::uint8_t>(c) ^ mask_[mask_at_++ % mask_.size()]);
    }
    bytes.remove_prefix(taken);
    left_ -= taken;
    if (left_ > 0) return received;
    if (const auto refused = end_frame(received)) return tl::unexpected(*refused);
    if (received.close) return received;
  }
}

std::size_t ClientFrames::header_size() const {
  // An unmasked frame (§5.1) is refused by its first two bytes.
  if (header_filled_ < 2 || (header_[1] & kMasked) == 0) return 2;
  const auto length = header_[1] & 0x7f;
  const std::size_t extended = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  return 2 + extended + mask_.size();
}

// §5.2. Every client frame is masked (§5.1), so that the header has a mask wherever this goes on.
std::optional<CloseCode> ClientFrames::take_header() {
  opcode_ = static_cast<Opcode>(header_[0] & 0x0f);
  final_ = (header_[0] & kFin) != 0;
  if ((header_[0] & kReserved) != 0 || (header_[1] & kMasked) == 0) return CloseCode::kProtocol;
  const auto length = header_[1] & 0x7f;
  const std::size_t extended = header_size() - 2 - mask_.size();
  left_ = extended == 0 ? static_cast<std::uint64_t>(length) : 0;
  for (std::size_t i = 0; i < extended; ++i) left_ = left_ << 8 | header_[2 + i];
  // The shortest form is a must, and so is a zero in the highest bit.
  if ((extended == 2 && left_ < kLength16) || (extended == 8 && (left_ <= 0xffff || left_ >> 63 != 0)))
    return CloseCode::kProtocol;
  std::copy_n(header_.begin() + 2 + static_cast<std::ptrdiff_t>(extended), mask_.size(), mask_.begin());
  switch (opcode_) {
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if (!final_ || left_ > kMaxControlPayload) return CloseCode::kProtocol;
      break;
    case Opcode::kBinary:
      return in_message_ ? CloseCode::kProtocol : CloseCode::kUnsupported;
    case Opcode::kText:
    case Opcode::kContinuation:
      if (in_message_ != (opcode_ == Opcode::kContinuation)) return CloseCode::kProtocol;
      message_ = (in_message_ ? message_ : 0) + left_;
      if (left_ > kMaxClientMessage || message_ > kMaxClientMessage) return CloseCode::kTooBig;
      in_message_ = !final_;
      break;
    default:
      return CloseCode::kProtocol;
  }
  in_payload_ = true;
  mask_at_ = 0;
  control_.clear();
  return std::nullopt;
}

std::optional<CloseCode> ClientFrames::end_frame(Received& received) {
  in_payload_ = false;
  header_filled_ = 0;
  received.any = true;
  if (opcode_ == Opcode::kPing) received.ping = control_;
  if (opcode_ != Opcode::kClose) return std::nullopt;
  if (control_.empty()) {
    received.close = CloseCode::kNone;
    return std::nullopt;
  }
  if (control_.size() < 2) return CloseCode::kProtocol;
  const unsigned code = static_cast<std::uint8_t>(control_[0]) << 8 | static_cast<std::uint8_t>(control_[1]);
  if (!may_be_sent(code)) return CloseCode::kProtocol;
  if (!is_utf8(std::string_view(control_).substr(2))) return CloseCode::kInvalidText;
  received.close = static_cast<CloseCode>(code);
  return std::nullopt;
}

}  // namespace camctl::apps::serve
