#include <doctest/doctest.h>

#include <vector>

#include "apps/serve/http/websocket_session.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;
using Clock = WebSocketSession::Clock;

// A client's frame, masked.
std::string client_frame(unsigned first_byte, std::string_view payload, unsigned length_form = 0) {
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  std::string frame(1, static_cast<char>(first_byte));
  if (length_form == 0) length_form = payload.size() < 126 ? 1 : payload.size() < 65536 ? 2 : 8;
  if (length_form == 1) frame += static_cast<char>(0x80 | payload.size());
  if (length_form == 2) frame += static_cast<char>(0x80 | 126);
  if (length_form == 8) frame += static_cast<char>(0x80 | 127);
  for (unsigned i = length_form; length_form > 1 && i-- > 0;)
    frame += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> (8 * i));
  frame += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return frame;
}

std::string text_of(std::size_t size) { return std::string(size, 'x'); }

TEST_CASE("websocket: the key of RFC 6455 §1.3 gives its answer") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("websocket: handshakes that are refused") {
  const auto request = [](std::vector<std::pair<std::string, std::string>> changed,
                          Method method = Method::kGet) {
    Request result;
    result.method = method;
    result.headers = {{"upgrade", "WebSocket"},
                      {"connection", "keep-alive, Upgrade"},
                      {"sec-websocket-version", "13"},
                      {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    for (const auto& [name, value] : changed) {
      std::erase_if(result.headers, [&, n = name](const auto& header) { return header.first == n; });
      if (!value.empty()) result.headers.emplace_back(name, value);
    }
    return result;
  };
  CHECK_FALSE(refuse_handshake(request({})));
  CHECK(refuse_handshake(request({{"upgrade", ""}}))->status == 426);
  CHECK(refuse_handshake(request({{"upgrade", "h2c"}}))->status == 426);
  CHECK(refuse_handshake(request({{"connection", "keep-alive"}}))->status == 426);
  CHECK(refuse_handshake(request({{"sec-websocket-version", "8"}}))->status == 426);
  CHECK(refuse_handshake(request({{"sec-websocket-key", ""}}))->status == 400);
  CHECK(refuse_handshake(request({{"sec-websocket-key", "short"}}))->status == 400);
  CHECK(refuse_handshake(request({{"sec-websocket-key", "????????????????????????"}}))->status == 400);
  CHECK(refuse_handshake(request({}, Method::kHead))->status == 426);
}

TEST_CASE("websocket: frame headers in their shortest form") {
  CHECK(frame_header(Opcode::kBinary, 0) == std::string("\x82\x00", 2));
  CHECK(frame_header(Opcode::kText, 125) == "\x81\x7d");
  CHECK(frame_header(Opcode::kBinary, 126) == std::string("\x82\x7e\x00\x7e", 4));
  CHECK(frame_header(Opcode::kBinary, 65536) == std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  CHECK(close_frame(CloseCode::kGoingAway, text_of(500)).size() == 2 + 125);
}

struct FrameCase {
  const char* what;
  std::string bytes;
  std::optional<CloseCode> refused;
  std::optional<CloseCode> closed = std::nullopt;
  std::optional<std::string> ping = std::nullopt;
};

std::vector<FrameCase> frame_cases() {
  const auto close = [](unsigned code, std::string_view reason = "") {
    return client_frame(
        0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + std::string(reason));
  };
  return {
      {"ping", client_frame(0x89, "hello"), {}, {}, "hello"},
      {"the last of two pings", client_frame(0x89, "a") + client_frame(0x89, "b"), {}, {}, "b"},
      {"pong that nobody asked for", client_frame(0x8a, "x"), {}},
      {"text", client_frame(0x81, "{}"), {}},
      {"text in fragments, a ping between",
       client_frame(0x01, "a") + client_frame(0x89, "p") + client_frame(0x80, "b"),
       {},
       {},
       "p"},
      {"largest message", client_frame(0x81, text_of(kMaxClientMessage)), {}},
      {"close", close(1000), {}, CloseCode::kNormal},
      {"close with a reason", close(1001, "gr\xc3\xbc\xc3\x9f"), {}, CloseCode::kGoingAway},
      {"close without code", client_frame(0x88, ""), {}, CloseCode::kNone},
      {"nothing counts behind a close", close(1000) + "\xff\xff\xff", {}, CloseCode::kNormal},
      {"message too large", client_frame(0x81, text_of(kMaxClientMessage + 1)), CloseCode::kTooBig},
      {"fragments too large together", client_frame(0x01, text_of(4000)) + client_frame(0x80, text_of(97)),
       CloseCode::kTooBig},
      {"binary", client_frame(0x82, "x"), CloseCode::kUnsupported},
      {"unmasked", std::string("\x89\x00", 2), CloseCode::kProtocol},
      {"reserved bit", client_frame(0xc1, "x"), CloseCode::kProtocol},
      {"unknown opcode", client_frame(0x83, "x"), CloseCode::kProtocol},
      {"unknown control opcode", client_frame(0x8b, "x"), CloseCode::kProtocol},
      {"ping in fragments", client_frame(0x09, "x"), CloseCode::kProtocol},
      {"ping too long", client_frame(0x89, text_of(126)), CloseCode::kProtocol},
      {"continuation of nothing", client_frame(0x80, "x"), CloseCode::kProtocol},
      {"text within a fragmented text", client_frame(0x01, "a") + client_frame(0x81, "b"),
       CloseCode::kProtocol},
      {"length not in its shortest form", client_frame(0x81, "abc", 2), CloseCode::kProtocol},
      {"the same with eight bytes", client_frame(0x81, text_of(300), 8), CloseCode::kProtocol},
      {"length with its highest bit",
       std::string("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14), CloseCode::kProtocol},
      {"length of 2^62", std::string("\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14),
       CloseCode::kTooBig},
      {"close of one byte", client_frame(0x88, "x"), CloseCode::kProtocol},
      {"close with a code that is never sent", close(1005), CloseCode::kProtocol},
      {"close with an unknown code", close(999), CloseCode::kProtocol},
      {"close whose reason is no UTF-8", close(1000, "\xff\xfe"), CloseCode::kInvalidText},
      {"close with an overlong character", close(1000, "\xc0\xaf"), CloseCode::kInvalidText},
      {"close with half a character", close(1000, "\xe2\x82"), CloseCode::kInvalidText},
      {"close with a surrogate", close(1000, "\xed\xa0\x80"), CloseCode::kInvalidText},
  };
}

TEST_CASE("websocket: what clients send, whole and byte by byte") {
  for (const auto& c : frame_cases()) {
    CAPTURE(std::string(c.what));
    for (const std::size_t piece : {c.bytes.size(), std::size_t{1}}) {
      ClientFrames frames;
      std::optional<CloseCode> refused, closed;
      std::optional<std::string> ping;
      for (std::size_t at = 0; at < c.bytes.size() && !refused && !closed; at += piece) {
        const auto received = frames.feed(std::string_view(c.bytes).substr(at, piece));
        if (!received) {
          refused = received.error();
          break;
        }
        closed = received->close;
        if (received->ping) ping = received->ping;
      }
      CHECK(refused == c.refused);
      CHECK(closed == c.closed);
      CHECK(ping == c.ping);
    }
  }
}

// Sends the bodies that it is given.
struct ListPeer : WebSocketPeer {
  void on_open(std::function<void()>, std::function<void(CloseCode, std::string)>) override {}
  hls::BodyPtr next() override {
    if (at == bodies.size()) return nullptr;
    return make_body(bodies[at++]);
  }
  void on_end() override { ended = true; }
  std::vector<std::string> bodies;
  std::size_t at = 0;
  bool ended = false;
};

// What a socket would take of the session: at most `most` bytes of one write.
std::string write(WebSocketSession& session, std::size_t most, Clock::time_point now) {
  std::vector<iovec> vectors(8);
  const auto count = session.gather(vectors);
  std::string out;
  for (std::size_t i = 0; i < count && out.size() < most; ++i)
    out.append(static_cast<const char*>(vectors[i].iov_base),
               std::min(vectors[i].iov_len, most - out.size()));
  session.written(out.size(), now);
  return out;
}

TEST_CASE("websocket: control frames wait for the end of the frame that is being sent") {
  const auto peer = std::make_shared<ListPeer>();
  peer->bodies = {"[first frame]", "[second frame]"};
  const Clock::time_point now{};
  WebSocketSession session(peer, now);
  auto sent = write(session, 5, now);
  session.receive(client_frame(0x89, "hi"), now);
  while (true) {
    const auto more = write(session, 3, now);
    if (more.empty()) break;
    sent += more;
  }
  // Which frames had been asked for before is the session's matter.
  CHECK(sent.substr(0, 13) == "[first frame]");
  CHECK(sent.find("\x8a\x02hi") == 13);
  CHECK(sent.find("[second frame]") == 17);
  CHECK_FALSE(session.ended());
}

TEST_CASE("websocket: the closing handshake from either side") {
  const Clock::time_point now{};
  const auto peer = std::make_shared<ListPeer>();
  peer->bodies = {"[frame]", "[never]", "[never]"};
  {
    WebSocketSession session(peer, now);
    auto sent = write(session, 3, now);
    session.close(CloseCode::kGoingAway, "bye", now);
    sent += write(session, 100, now);
    CHECK(sent == "[frame]" + close_frame(CloseCode::kGoingAway, "bye"));
    CHECK_FALSE(session.ended());  // the client has not answered
    CHECK(session.check(now + 1s, false));
    session.receive(client_frame(0x88, std::string("\x03\xe9", 2)), now);
    CHECK(session.ended());
    CHECK_FALSE(session.check(now + 3s, false));
    CHECK_FALSE(peer->ended);
  }
  CHECK(peer->ended);

  WebSocketSession session(std::make_shared<ListPeer>(), now);
  session.receive(client_frame(0x88, ""), now);
  CHECK(write(session, 100, now) == close_frame(CloseCode::kNormal, ""));
  CHECK(session.ended());

  WebSocketSession broken(std::make_shared<ListPeer>(), now);
  broken.receive("garbage", now);
  CHECK_FALSE(broken.ended());
  CHECK(write(broken, 100, now) == close_frame(CloseCode::kProtocol, ""));
  CHECK(broken.ended());
}

TEST_CASE("websocket: a silent client is pinged, then given up; so is one that takes nothing") {
  const Clock::time_point start{};
  WebSocketSession session(std::make_shared<ListPeer>(), start);
  CHECK(session.check(start + 10s, false));
  CHECK(write(session, 100, start).empty());
  CHECK(session.check(start + 21s, false));
  CHECK(write(session, 100, start) == frame_header(Opcode::kPing, 0));
  CHECK(session.check(start + 22s, false));
  CHECK(write(session, 100, start).empty());  // pinged once
  session.receive(client_frame(0x8a, ""), start + 23s);
  CHECK(session.check(start + 42s, false));
  CHECK_FALSE(session.check(start + 64s, false));

  WebSocketSession stuck(std::make_shared<ListPeer>(), start);
  CHECK(stuck.check(start + 14s, true));
  CHECK_FALSE(stuck.check(start + 16s, true));
}

}  // namespace
}  // namespace camctl::apps::serve
