// One session with a camera: signalling by a coroutine on Asio, then media by the poller.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest_auth.h"
#include "librtsp/client.h"
#include "librtsp/datagram_receiver.h"
#include "librtsp/media_poller.h"
#include "librtsp/reception.h"
#include "librtsp/sdp_reader.h"
#include "librtsp/stream_parser.h"
#include "librtsp/wire.h"

namespace camctl::rtsp {

// All calls on the loop's thread. Its coroutine holds a reference, so that it outlives what stops it.
class ClientSession final : public std::enable_shared_from_this<ClientSession>,
                            private StreamHandler,
                            private MediaPoller::Handler {
 public:
  ClientSession(EventLoop& loop, ClientOptions options, media::SourceSink& sink);
  ~ClientSession() override;

  void start();
  // Says TEARDOWN if it can without waiting, closes everything; nothing reaches the sink any more.
  void stop();
  // See media::Source.
  void set_hurry(bool hurry);

 private:
  template <class T = void>
  using Task = boost::asio::awaitable<Result<T>>;
  using Tcp = boost::asio::ip::tcp;
  using Choice = ClientOptions::Transport;

  // A reply, copied out of the read buffer.
  struct Reply {
    int status = 0;
    std::string reason;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string_view header(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
  };

  // Connections (client_connect.cc).
  Task<> connect();
  Task<> dial(Wire& wire);
  Task<> secure(Wire& wire);
  Result<void> check_pin(const tls::Session& session) const;
  Task<> wait(Wire& wire, tls::Need need);
  Task<> flush(Wire& wire);
  std::uint16_t port() const;

  // RTSP over HTTP (client_tunnel.cc).
  Task<> open_tunnel();
  Task<int> begin_tunnel(const std::string& cookie);  // the status that answers GET
  std::string tunnel_request(std::string_view method, std::string_view cookie, std::string_view headers);

  // Signalling (client_session.cc).
  Task<> describe();
  Task<> set_up_tracks();
  Task<> set_up(const DescribedTrack& track);
  Task<Transport> propose(const std::string& target, Choice choice, std::string& transport_text);
  Result<std::string> proposal(Choice choice);
  Result<void> use(const Transport& agreed, const DescribedTrack& track);
  Result<void> join(const Transport& agreed, const DescribedTrack& track);
  DatagramReceiver::Packet packets_of(std::size_t track), reports_of(std::size_t track);
  boost::asio::ip::address own_address(), peer_address();
  Task<> play();
  void note_rtp_info(std::string_view header);
  Task<> run();

  // Requests and their replies (client_exchange.cc).
  Task<Reply> exchange(std::string_view method, std::string target, std::string headers);
  Task<Reply> exchange_once(std::string_view method, const std::string& target, const std::string& headers);
  Task<> write(std::string text);
  bool queue(const std::string& text);  // false: too much waits already
  Task<Reply> read_reply();
  Task<> read_more();
  std::string request(std::string_view method, const std::string& target, std::string_view headers);
  void set_deadline();

  // Media (client_media.cc).
  void begin_media();
  void keep_alive();
  void send_receiver_reports();
  void answer(const Message& request);
  void send_now(const std::string& text);
  bool on_readable(int fd, std::span<std::uint8_t> scratch,
                   std::chrono::steady_clock::time_point now) override;
  bool stop_reading(Error error);  // finish(); false, for on_readable()
  void on_frame(std::uint8_t channel, media::ByteView packet) override;
  void on_message(const Message& message) override;
  bool wants_more() const override { return !stopped_; }

  void finish(Error error);
  void close();
  std::string where() const;

  EventLoop& loop_;
  MediaPoller& poller_;
  ClientOptions options_;
  media::SourceSink& sink_;
  bool stopped_ = false;

  Url url_;  // after redirects
  AuthClient auth_;
  Wire wire_;                 // all that is read; with a tunnel, what answers GET
  std::optional<Wire> post_;  // with a tunnel: all that is written
  Tcp::resolver resolver_;
  Timer deadline_, keep_alive_timer_, report_timer_;
  bool timed_out_ = false;

  std::uint32_t cseq_ = 0;
  std::string session_id_;
  std::chrono::seconds session_timeout_{60};  // RFC 2326 §12.37
  bool has_get_parameter_ = false;
  std::string base_url_;
  SessionDescription description_;
  unsigned redirects_ = 0;

  StreamParser parser_;
  std::vector<std::uint8_t> pending_;  // bytes received that are not whole yet
  std::optional<Reply> reply_;         // the one that read_reply() waits for

  Reception reception_;
  std::vector<std::string> track_urls_;      // of the tracks set up, as reception_ numbers them
  std::array<std::int8_t, 256> channels_{};  // interleaved channel to track * 2 (RTP) or + 1 (RTCP); -1: none
  std::vector<std::unique_ptr<DatagramReceiver>> datagrams_;  // with UDP: one a track
  bool hurry_ = false;
  bool playing_ = false;                       // the connection carries media and has left Asio
  std::chrono::steady_clock::time_point now_;  // of the read at hand
};

}  // namespace camctl::rtsp
