// One RTSP connection of the server and the session on it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "librtsp/datagrams.h"
#include "librtsp/feed.h"
#include "librtsp/http_tunnel.h"
#include "librtsp/message.h"
#include "librtsp/server.h"
#include "librtsp/wire.h"

namespace camctl::rtsp {

// What a connection asks of its server.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual const ServerOptions& options() const = 0;
  virtual const AuthServer* auth() const = 0;  // null: anybody may read
  virtual Result<Feed*> find(std::string_view path) = 0;
  virtual std::shared_ptr<DatagramPorts> datagrams() = 0;  // null where none can be had
  // The open connection whose GET began the tunnel of this cookie, from this address; null: none.
  virtual std::shared_ptr<class Connection> find_tunnel(std::string_view cookie,
                                                        const boost::asio::ip::address& peer) = 0;
  virtual void on_closed(class Connection& connection) = 0;
};

// A client's TCP connection. It carries at most one session, which ends with it (cameras do the same, and a
// session that outlives its connection would let a peer pile them up).
class Connection : public FeedReader, public std::enable_shared_from_this<Connection> {
 public:
  Connection(EventLoop& loop, Wire::Socket socket, ConnectionHost& host);
  ~Connection() override;

  void start();
  void close();        // at once; the host is told
  void close_later();  // from the loop: for calls that come from within the feed
  // Closes if the peer has let a deadline pass. Called about once a second.
  void check_deadlines(std::chrono::steady_clock::time_point now);
  // A datagram came from the peer's address.
  void on_datagram(const DatagramPorts::Endpoint& from);

  bool has_tunnel(std::string_view cookie, const boost::asio::ip::address& peer) const;

  void on_bursts() override;
  void on_feed_end() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct TrackSetup {
    std::uint8_t track = 0;
    bool tcp = true;
    std::uint8_t channel = 0;           // tcp
    DatagramPorts::Endpoint rtp, rtcp;  // UDP
  };

  // Reading.
  void shake_hands();  // of TLS
  void wait_readable();
  void read();
  void consume(std::string_view data);
  std::size_t consume_one(std::string_view data);  // 0: it needs more
  void handle(const Message& request);

  // RTSP over HTTP (connection_tunnel.cc).
  static bool speaks_http(std::string_view data);
  std::size_t begin_tunnel(std::string_view data);  // 0: it needs more
  void refuse_tunnel(std::string_view status);
  void feed_tunnel(std::string_view text);  // of a POST
  boost::asio::ip::address peer_address() const;

  bool authorized(const Message& request);

  // Methods.
  // The feed at this path; null after the request has been refused.
  Feed* find_feed(const Message& request, std::string_view path);
  void describe(const Message& request);
  // The request waits for its feed, and all that comes behind it too.
  void hold();
  void setup(const Message& request);
  void play(const Message& request);
  void pause(const Message& request);
  void teardown(const Message& request);
  void get_parameter(const Message& request);
  // The first acceptable alternative of the request, and the Transport header that answers it.
  std::optional<std::pair<TrackSetup, std::string>> choose_transport(const Message& request,
                                                                     std::uint8_t track);
  std::optional<std::pair<TrackSetup, std::string>> choose_udp(const Transport& wish, std::uint8_t track);
  std::string rtp_info() const;
  std::string session_line() const;
  bool session_matches(const Message& request) const;
  void leave_feed();
  void reply(const Message& request, int status, std::string_view headers = {}, std::string_view body = {});
  void queue(std::string_view bytes);

  // Writing.
  void flush();
  void flush_datagrams();
  bool write_some();  // false: there is nothing more, or it can't be written now
  // Takes `bytes` off what is due; `positions` are the ring's behind each of `bursts`.
  void written(std::size_t bytes, std::span<const BurstPtr> bursts, std::span<const std::uint64_t> positions);
  void wait_writable();
  void send_reports();
  BurstPtr for_channels(const BurstPtr& burst) const;
  const TrackSetup* setup_of(std::uint8_t track) const;

  EventLoop& loop_;
  Wire wire_;
  ConnectionHost* host_;
  bool closed_ = false;
  bool handshaking_ = false;

  std::optional<std::string> cookie_;                     // of the tunnel that this one's GET began
  std::optional<std::weak_ptr<Connection>> upstream_of_;  // this one is the POST of that connection's tunnel
  TunnelDecoder decoder_;

  std::string inbox_;     // an incomplete message
  bool holding_ = false;  // the message at the front of inbox_ waits
  std::optional<Clock::time_point> held_until_;
  std::optional<Timer> hold_timer_;
  std::size_t skip_ = 0;             // bytes of an interleaved frame still to come
  Clock::time_point message_since_;  // when the incomplete message, or TLS's handshake, began
  Clock::time_point last_heard_;     // the last request or datagram of the peer

  Feed::Impl* feed_ = nullptr;
  std::string path_, base_url_, session_;
  std::vector<TrackSetup> setups_;
  bool udp_ = false;         // of all tracks of the session
  bool hold_media_ = false;  // until the reply to PLAY is queued
  unsigned refusals_ = 0;    // of credentials

  std::string control_;  // replies to send
  std::size_t control_sent_ = 0;
  BurstPtr partial_;  // of which `partial_sent_` bytes are sent
  std::size_t partial_sent_ = 0;
  bool writable_wait_ = false;
  Clock::time_point write_since_;  // when writing began to fail
};

}  // namespace camctl::rtsp
