// One open WebSocket: what goes out and when it ends. The connection has the socket and asks here.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/serve/http/websocket_frames.h"
#include "libhls/body.h"

namespace camctl::apps::serve {

// What a route puts behind a WebSocket. All calls on the connection's loop.
class WebSocketPeer {
 public:
  virtual ~WebSocketPeer() = default;
  // The WebSocket is open. `wake` makes next() be asked again; `close` ends it with a code and a reason. Both
  // may be called on that loop only, at any time, also when the connection is gone.
  virtual void on_open(std::function<void()> wake, std::function<void(CloseCode, std::string)> close) = 0;
  // Whole frames to send next; null: nothing now. Asked only while the client takes what it is sent, so that
  // what is not sent yet stays with the peer, which may drop it.
  virtual hls::BodyPtr next() = 0;
  // The connection has ended; the last call.
  virtual void on_end() = 0;
};

class WebSocketSession {
 public:
  using Clock = std::chrono::steady_clock;

  // A client that has said nothing for this long is pinged, and given up after the same again.
  static constexpr std::chrono::seconds kPingAfter{20};
  // A client that takes nothing at all for this long is given up.
  static constexpr std::chrono::seconds kWriteTimeout{15};
  // For the other side of the closing handshake.
  static constexpr std::chrono::seconds kCloseTimeout{2};
  // Asked of the peer ahead of the socket; TCP_NOTSENT_LOWAT bounds the kernel's share.
  static constexpr std::size_t kAhead = 64u << 10;

  WebSocketSession(std::shared_ptr<WebSocketPeer> peer, Clock::time_point now);
  ~WebSocketSession();  // the peer's on_end()

  WebSocketPeer& peer() { return *peer_; }

  // Bytes of the client. Whatever is to be answered is in the next gather().
  void receive(std::string_view bytes, Clock::time_point now);
  // The next bytes to send, pulled from the peer: how many of `vectors` were filled.
  std::size_t gather(std::span<iovec> vectors);
  void written(std::size_t bytes, Clock::time_point now);
  // Begins the closing handshake: what is being sent is completed, the rest dropped.
  void close(CloseCode code, std::string_view reason, Clock::time_point now);
  // Both sides have said that they end, or there is nothing more to be waited for.
  bool ended() const { return close_sent_ && out_.empty() && (client_closed_ || failed_); }
  // Pings; false: the client is to be given up. `blocked`: bytes wait for the socket.
  bool check(Clock::time_point now, bool blocked);

 private:
  void queue_control(std::string frame);

  struct Out {
    hls::BodyPtr body;
    std::size_t piece = 0, sent = 0;  // of the first piece that is not sent whole
  };

  std::shared_ptr<WebSocketPeer> peer_;
  ClientFrames frames_;
  std::deque<Out> out_;
  bool close_sent_ = false;  // queued at least
  bool client_closed_ = false;
  bool failed_ = false;  // the client broke the protocol: nothing it says counts any more
  bool pinged_ = false;
  std::optional<std::string> pong_;  // to be sent; a later ping's takes its place
  Clock::time_point heard_, progress_, closing_since_;
};

}  // namespace camctl::apps::serve
