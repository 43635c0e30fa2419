// What a WebSocket client sends: frames in any pieces give the same end; nothing large is kept; what goes
// back is whole control frames.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/http/websocket_session.h"

namespace {

using namespace camctl::apps::serve;

struct Silent : WebSocketPeer {
  void on_open(std::function<void()>, std::function<void(CloseCode, std::string)>) override {}
  camctl::hls::BodyPtr next() override { return nullptr; }
  void on_end() override {}
};

struct End {
  std::optional<CloseCode> refused, closed;
  friend bool operator==(const End&, const End&) = default;
};

End feed(std::string_view bytes, std::size_t piece) {
  ClientFrames frames;
  End end;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto received = frames.feed(bytes.substr(at, piece));
    if (!received) {
      end.refused = received.error();
      return end;
    }
    if (received->ping && received->ping->size() > kMaxControlPayload) abort();
    end.closed = received->close;
    if (end.closed) return end;
  }
  return end;
}

void converse(std::string_view bytes) {
  const WebSocketSession::Clock::time_point now{};
  WebSocketSession session(std::make_shared<Silent>(), now);
  session.receive(bytes, now);
  std::vector<iovec> vectors(4);
  const auto count = session.gather(vectors);
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += vectors[i].iov_len;
  if (size > 2 * (2 + kMaxControlPayload)) abort();  // a pong and a close at most
  session.written(size, now);
  const auto end = feed(bytes, bytes.size());
  if (session.ended() != (end.refused || end.closed)) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto whole = feed(bytes, bytes.size());
  if (feed(bytes, 1) != whole || feed(bytes, 7) != whole) abort();
  converse(bytes);
  return 0;
}
