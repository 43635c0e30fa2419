// A connection whose answer has no end: what its peer has, for as long as the client listens.
#include <utility>

#include "apps/serve/http/connection.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeat = 15s;  // below the 30 to 60 s after which proxies take a silent connection for dead
constexpr auto kWriteTimeout = 15s;  // a client that takes nothing at all for this long is given up

}  // namespace

void Connection::open_stream(Response head, std::shared_ptr<StreamPeer> peer) {
  if (state_ != State::kHandling) return;
  keep_alive_ = false;
  head.endless = true;
  if (request_->method != Method::kHead) stream_ = std::move(peer);
  answer(std::move(head));
}

void Connection::begin_stream() {
  state_ = State::kStreaming;
  input_ = {};
  if (peer_done_) return close();
  stream_->on_open([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->state_ == State::kStreaming && !self->blocked_) self->send_stream();
  });
  if (state_ == State::kStreaming) send_stream();
}

void Connection::send_stream() {
  blocked_ = false;
  while (true) {
    switch (writer_.send(wire_)) {
      case ResponseWriter::Status::kFailed:
        return close();
      case ResponseWriter::Status::kBlocked:
        blocked_ = true;
        set_deadline(kWriteTimeout);
        socket_.async_wait(boost::asio::socket_base::wait_write,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (self->state_ != State::kStreaming) return;
                             if (error) return self->close();
                             self->send_stream();
                           });
        return;
      case ResponseWriter::Status::kDone:
        break;
    }
    loop_.counters.sent(content_, writer_.size());
    set_deadline(kBeat);
    auto bytes = stream_->next();
    writer_.begin({}, bytes.empty() ? nullptr : make_body(std::move(bytes)), nullptr);
    if (writer_.size() == 0) return;
  }
}

void Connection::check_stream() {
  if (blocked_) {
    // What the kernel still holds for a reader that does not read goes too.
    boost::system::error_code ignored;
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    return close();
  }
  writer_.begin({}, make_body(stream_->beat()), nullptr);
  send_stream();
}

}  // namespace camctl::apps::serve
