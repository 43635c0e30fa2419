#include "apps/serve/http/websocket_session.h"

#include <algorithm>

namespace camctl::apps::serve {

WebSocketSession::WebSocketSession(std::shared_ptr<WebSocketPeer> peer, Clock::time_point now)
    : peer_(std::move(peer)), heard_(now), progress_(now) {}

WebSocketSession::~WebSocketSession() { peer_->on_end(); }

void WebSocketSession::receive(std::string_view bytes, Clock::time_point now) {
  if (client_closed_ || failed_) return;
  const auto received = frames_.feed(bytes);
  if (!received) {
    failed_ = true;
    close(received.error(), "", now);
    return;
  }
  if (received->any) {
    heard_ = now;
    pinged_ = false;
  }
  if (received->ping) pong_ = frame_header(Opcode::kPong, received->ping->size()) + *received->ping;
  if (received->close) {
    client_closed_ = true;
    close(*received->close == CloseCode::kNone ? CloseCode::kNormal : *received->close, "", now);
  }
}

void WebSocketSession::close(CloseCode code, std::string_view reason, Clock::time_point now) {
  if (close_sent_) return;
  // Only a frame that has begun must be completed.
  const bool begun = !out_.empty() && (out_.front().piece > 0 || out_.front().sent > 0);
  out_.resize(begun ? 1 : 0);
  queue_control(close_frame(code, reason));
  close_sent_ = true;
  closing_since_ = now;
}

// Behind the message that has begun, if any: control frames may not stand within a frame (§5.4).
void WebSocketSession::queue_control(std::string frame) {
  const bool begun = !out_.empty() && (out_.front().piece > 0 || out_.front().sent > 0);
  out_.insert(out_.begin() + (begun ? 1 : 0), Out{make_body(std::move(frame))});
}

std::size_t WebSocketSession::gather(std::span<iovec> vectors) {
  if (pong_ && !close_sent_) queue_control(std::move(*pong_));
  pong_.reset();
  std::size_t count = 0, bytes = 0;
  for (std::size_t i = 0; count < vectors.size() && bytes < kAhead; ++i) {
    if (i == out_.size()) {
      auto body = close_sent_ ? nullptr : peer_->next();
      if (!body) break;
      out_.push_back({std::move(body)});
    }
    const auto& out = out_[i];
    for (auto k = out.piece; k < out.body->pieces.size() && count < vectors.size(); ++k) {
      const auto piece = out.body->pieces[k].subspan(k == out.piece ? out.sent : 0);
      if (piece.empty()) continue;
      vectors[count++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
      bytes += piece.size();
    }
  }
  return count;
}

void WebSocketSession::written(std::size_t bytes, Clock::time_point now) {
  if (bytes > 0) progress_ = now;
  while (!out_.empty()) {
    auto& out = out_.front();
    while (out.piece < out.body->pieces.size()) {
      const auto left = out.body->pieces[out.piece].size() - out.sent;
      const auto step = std::min(bytes, left);
      bytes -= step;
      if (step < left) {
        out.sent += step;
        return;
      }
      ++out.piece;
      out.sent = 0;
    }
    out_.pop_front();
  }
}

bool WebSocketSession::check(Clock::time_point now, bool blocked) {
  if (close_sent_) return now - closing_since_ < kCloseTimeout;
  if (!blocked) progress_ = now;
  if (now - progress_ > kWriteTimeout) return false;
  if (now - heard_ > 2 * kPingAfter) return false;
  if (now - heard_ > kPingAfter && !pinged_) {
    pinged_ = true;
    queue_control(frame_header(Opcode::kPing, 0));
  }
  return true;
}

}  // namespace camctl::apps::serve
