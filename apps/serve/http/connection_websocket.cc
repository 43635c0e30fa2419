// A connection that has become a WebSocket: bytes between its socket and the session.
#include <array>

#include "apps/serve/http/connection.h"

namespace camctl::apps::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxVectors = 256;  // of one sendmsg

}  // namespace

void Connection::open_websocket(const std::string& accept, std::shared_ptr<WebSocketPeer> peer) {
  if (state_ != State::kHandling) return;
  upgrade_ = std::move(peer);
  fallback_ = nullptr;
  status_ = 101;
  begin_writing(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: " +
          accept + "\r\n\r\n",
      nullptr);
}

void Connection::begin_websocket() {
  state_ = State::kWebSocket;
  keep_alive_ = false;
  websocket_ = std::make_unique<WebSocketSession>(std::exchange(upgrade_, nullptr), Clock::now());
  const auto weak = weak_from_this();
  websocket_->peer().on_open(
      [weak] {
        const auto self = weak.lock();
        if (self && self->state_ == State::kWebSocket && !self->blocked_) self->send_frames();
      },
      [weak](CloseCode code, const std::string& reason) {
        const auto self = weak.lock();
        if (!self || self->state_ != State::kWebSocket) return;
        self->websocket_->close(code, reason, Clock::now());
        if (!self->blocked_) self->send_frames();
      });
  if (state_ == State::kWebSocket) receive_frames();  // what came with the request
}

void Connection::receive_frames() {
  websocket_->receive(std::exchange(input_, {}), Clock::now());
  if (!blocked_) send_frames();
  if (state_ != State::kWebSocket) return;
  if (peer_done_) return close();
  wait_readable();
}

void Connection::send_frames() {
  blocked_ = false;
  std::array<iovec, kMaxVectors> vectors;
  while (true) {
    const auto count = websocket_->gather(vectors);
    if (count == 0 && !wire_.record_waits()) break;
    const auto sent = wire_.write(std::span(vectors).first(count));
    if (!sent) return close();
    frames_sent_ += sent->bytes;
    loop_.counters.sent(Content::kMedia, sent->bytes);
    websocket_->written(sent->bytes, Clock::now());
    if (sent->need == tls::Need::kNone) continue;
    blocked_ = true;
    socket_.async_wait(boost::asio::socket_base::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (self->state_ != State::kWebSocket) return;
                         if (error) return self->close();
                         self->send_frames();
                       });
    return;
  }
  if (!websocket_->ended()) return;
  websocket_.reset();
  linger();
}

void Connection::check_websocket(Clock::time_point now) {
  if (!websocket_->check(now, blocked_)) {
    // What the kernel still holds for a reader that does not read goes too.
    boost::system::error_code ignored;
    if (blocked_) socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    return close();
  }
  if (!blocked_) send_frames();
}

}  // namespace camctl::apps::serve
