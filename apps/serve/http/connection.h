// One HTTP/1.1 connection. Lives on one event loop; nothing here is thread-safe except Exchange.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "apps/serve/http/access_log.h"
#include "apps/serve/http/gatekeeper.h"
#include "apps/serve/http/guard.h"
#include "apps/serve/http/http_counters.h"
#include "apps/serve/http/message.h"
#include "apps/serve/http/reader.h"
#include "apps/serve/http/response_writer.h"
#include "apps/serve/http/router.h"
#include "apps/serve/http/shared_files.h"
#include "apps/serve/http/websocket_session.h"
#include "base/event_loop.h"

namespace camctl::apps::serve {

// What may change while the server runs.
struct HttpOptions {
  GuardOptions guard;
  std::shared_ptr<const tls::Context> tls;  // null: in the clear; of connections from now on
  std::chrono::milliseconds header_timeout{10'000}, idle_timeout{60'000}, write_timeout{30'000};
};

class Connection;

// What the connections of one event loop share. Touched on that loop only.
struct HttpLoop {
  HttpLoop(unsigned number, const Router& routes, const GatekeeperPtr& gatekeeper, AccessLog& access_log,
           SharedFiles& shared)
      : index(number), router(routes), gate(gatekeeper), log(access_log), files(shared), timer(events) {}

  const std::string& date();  // of this second

  unsigned index;
  EventLoop events;
  const Router& router;
  const GatekeeperPtr& gate;
  AccessLog& log;
  SharedFiles& files;  // of all loops
  HttpCounters counters;
  HttpOptions options;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::array<char, 64u << 10>
      scratch{};  // every read lands here first, so that idle connections own no buffer
  Timer timer;    // looks at the deadlines
  std::string date_text;
  std::chrono::system_clock::time_point date_made{};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(HttpLoop& loop, boost::asio::ip::tcp::socket socket, IpAddress client);
  ~Connection();

  void start();
  // Closes now, whatever is going on.
  void close();
  // Closes once the response that is being made or sent is out; at once where there is none.
  void finish();
  // Whether check_deadline() has something to do.
  bool is_due(std::chrono::steady_clock::time_point now) const {
    return now >= deadline_ || state_ == State::kWebSocket;
  }
  void check_deadline(std::chrono::steady_clock::time_point now);

 private:
  class Http1Exchange;
  enum class State : std::uint8_t {
    kHandshake,  // of TLS
    kIdle,
    kReading,
    kHandling,
    kWriting,
    kWebSocket,
    kStreaming,
    kLingering,
    kClosed
  };

  void shake_hands();
  void wait_readable();
  void on_readable();
  bool read_some();
  void process();
  void dispatch(std::shared_ptr<Request> request);
  void answer(Response response);
  void begin_writing(std::string head, hls::BodyPtr body);
  void write_some();
  void on_written();
  void log_access();
  void linger();
  // connection_websocket.cc
  void open_websocket(const std::string& accept, std::shared_ptr<WebSocketPeer> peer);
  void begin_websocket();
  void receive_frames();
  void send_frames();
  void check_websocket(std::chrono::steady_clock::time_point now);
  // connection_stream.cc
  void open_stream(Response head, std::shared_ptr<StreamPeer> peer);
  void begin_stream();
  void send_stream();
  void check_stream();
  void set_deadline(std::chrono::milliseconds time);

  HttpLoop& loop_;
  boost::asio::ip::tcp::socket socket_;
  Wire wire_;  // on the socket
  IpAddress client_;
  State state_ = State::kIdle;
  std::chrono::steady_clock::time_point deadline_{};
  std::string input_;
  RequestReader reader_;
  RequestPtr request_;                           // being handled or answered
  std::shared_ptr<std::atomic<bool>> answered_;  // of request_
  std::function<Response()> fallback_;           // of a held request
  ResponseWriter writer_;                        // in State::kWriting and kStreaming
  std::uint64_t frames_sent_ = 0;                // bytes of WebSocket frames
  std::shared_ptr<WebSocketPeer> upgrade_;       // to begin once the answer is sent
  std::unique_ptr<WebSocketSession> websocket_;  // in State::kWebSocket
  std::shared_ptr<StreamPeer> stream_;           // from the head of its answer on
  bool blocked_ = false;                         // frames or a stream's bytes wait for the socket
  int status_ = 0;
  Content content_ = Content::kPage;  // of the request
  std::chrono::steady_clock::time_point received_{};
  bool keep_alive_ = true, peer_done_ = false, waiting_readable_ = false, processing_ = false;
};

}  // namespace camctl::apps::serve
