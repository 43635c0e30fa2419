#include "librtsp/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <random>

#include "base/log.h"
#include "base/text.h"
#include "base/url.h"
#include "librtsp/sdp.h"

namespace camctl::rtsp {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

constexpr auto kMessageDeadline = 10s;  // for a request to be complete once it has begun
constexpr auto kSessionTimeout = 60s;   // the default of RFC 2326 §12.37, told in SETUP's reply
constexpr auto kIdleDeadline = 65s;     // the same and some grace
constexpr auto kWriteDeadline = 15s;    // a reader that takes nothing at all for so long is gone
constexpr auto kHoldLook = 100ms;       // how often a held DESCRIBE looks for its feed
constexpr auto kRetryAfter = 2s;        // a camera's reconnect takes 1 to 4 s
constexpr std::size_t kReadSize = tls::Session::kRecord;  // less would leave bytes inside TLS
constexpr int kReadsAtOnce = 4;       // then others have their turn, however much this peer sends
constexpr unsigned kMaxRefusals = 8;  // wrong credentials on one connection; clients try two or three
constexpr std::string_view kMethods =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";

struct Target {
  std::string url;   // as to be repeated to the client: without credentials
  std::string path;  // without query, track and closing slashes
  std::optional<std::uint8_t> track;
};

// Takes "/track1" off the end.
std::optional<std::uint8_t> take_track(std::string& text) {
  constexpr std::string_view kPrefix = "/track";
  const auto at = text.rfind(kPrefix);
  if (at == std::string::npos || at + kPrefix.size() + 1 != text.size()) return std::nullopt;
  const char digit = text.back();
  if (digit < '0' || digit > '9') return std::nullopt;
  text.resize(at);
  return static_cast<std::uint8_t>(digit - '0');
}

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  if (text.starts_with('/') || text == "*") {
    target.url = target.path = text;
  } else {
    auto url = Url::parse(text);
    if (!url) return std::nullopt;
    target.url = url->to_string();
    target.path = url->target;
  }
  target.track = take_track(target.path);
  take_track(target.url);
  while (target.url.ends_with('/')) target.url.pop_back();
  target.path.resize(std::min(target.path.size(), target.path.find('?')));
  while (target.path.size() > 1 && target.path.ends_with('/')) target.path.pop_back();
  if (target.path.empty()) target.path = "/";
  return target;
}

std::string make_session_id() {
  std::random_device device;
  return fmt::format("{:08X}{:08X}", device(), device());
}

}  // namespace

Connection::Connection(EventLoop& loop, Wire::Socket socket, ConnectionHost& host)
    : loop_(loop), wire_(std::move(socket)), host_(&host), last_heard_(Clock::now()) {}

Connection::~Connection() { leave_feed(); }

void Connection::start() {
  const auto& context = host_->options().tls;
  if (!context) return wait_readable();
  auto session = tls::Session::server(context, wire_.fd());
  if (!session) return close();
  wire_.secure(std::move(*session));
  handshaking_ = true;
  message_since_ = Clock::now();
  shake_hands();
}

void Connection::shake_hands() {
  const auto need = wire_.tls()->handshake();
  if (!need) return close();
  handshaking_ = *need != tls::Need::kNone;
  if (!handshaking_) return read();
  wire_.socket().async_wait(*need == tls::Need::kWrite ? Wire::Socket::wait_write : Wire::Socket::wait_read,
                            [self = shared_from_this()](error_code error) {
                              if (self->closed_) return;
                              if (error) return self->close();
                              self->shake_hands();
                            });
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  leave_feed();
  error_code ignored;
  wire_.socket().shutdown(Wire::Socket::shutdown_both, ignored);
  wire_.close();
  host_->on_closed(*this);
}

void Connection::close_later() {
  boost::asio::post(loop_.context(), [self = shared_from_this()] { self->close(); });
}

void Connection::leave_feed() {
  if (feed_) feed_->detach(*this);
  feed_ = nullptr;
}

void Connection::on_feed_end() {
  feed_ = nullptr;
  close_later();
}

void Connection::check_deadlines(Clock::time_point now) {
  bool fed = playing && !udp_;  // a reader over TCP need not say anything
  if (upstream_of_) {
    const auto session = upstream_of_->lock();
    if (!session || session->closed_) return close();
    fed = session->playing;
  }
  const bool silent = !fed && now - last_heard_ > kIdleDeadline;
  const bool slow = !holding_ && (handshaking_ || !inbox_.empty()) && now - message_since_ > kMessageDeadline;
  const bool stuck = writable_wait_ && now - write_since_ > kWriteDeadline;
  if (silent || slow || stuck) close();
}

void Connection::on_datagram(const DatagramPorts::Endpoint& from) {
  for (const auto& setup : setups_)
    if (udp_ && (setup.rtp == from || setup.rtcp == from)) last_heard_ = Clock::now();
}

void Connection::wait_readable() {
  wire_.socket().async_wait(Wire::Socket::wait_read, [self = shared_from_this()](error_code error) {
    if (self->closed_) return;
    if (error) return self->close();
    self->read();
  });
}

void Connection::read() {
  std::array<std::uint8_t, kReadSize> buffer;
  for (int i = 0; i < kReadsAtOnce && !closed_ && !holding_; ++i) {
    const auto got = wire_.read(buffer);
    if (!got) return close();
    consume({reinterpret_cast<const char*>(buffer.data()), got->bytes});
    if (got->closed) return close();
    if (got->need != tls::Need::kNone) break;
  }
  if (!closed_ && !holding_) wait_readable();
}

void Connection::consume(std::string_view data) {
  if (upstream_of_) return feed_tunnel(data);
  const auto skipped = std::min(skip_, data.size());
  skip_ -= skipped;
  data.remove_prefix(skipped);
  std::string joined;
  if (!inbox_.empty()) {
    joined = std::exchange(inbox_, {});
    joined += data;
    data = joined;
  } else {
    message_since_ = Clock::now();
  }
  while (!closed_ && !data.empty()) {
    const auto size = consume_one(data);
    if (size == 0) {
      inbox_ = data;
      return;
    }
    message_since_ = Clock::now();
    data.remove_prefix(size);
    if (upstream_of_ && !closed_) return feed_tunnel(data);
  }
}

std::size_t Connection::consume_one(std::string_view data) {
  if (data.front() == '$') {  // receiver reports; nothing in them is needed
    if (data.size() < kInterleavedHeader) return 0;
    const auto high = static_cast<std::uint8_t>(data[2]), low = static_cast<std::uint8_t>(data[3]);
    const std::size_t size = kInterleavedHeader + (std::size_t{high} << 8 | low);
    skip_ = size - std::min(size, data.size());
    return size - skip_;
  }
  if (speaks_http(data)) return begin_tunnel(data);
  Message request;
  const auto size = parse_message(data, request);
  if (!size || (*size > 0 && !request.is_request())) {
    reply(request, !size && size.error().code == ErrorCode::kLimit ? 413 : 400);
    close();
    return data.size();
  }
  if (*size > 0) handle(request);
  return holding_ ? 0 : *size;  // one that waits is read again
}

void Connection::handle(const Message& request) {
  last_heard_ = Clock::now();
  if (!request.cseq()) return reply(request, 400);
  if (request.method == "OPTIONS") return reply(request, 200, fmt::format("Public: {}\r\n", kMethods));
  if (!authorized(request)) return;
  if (const auto feature = request.header("Require"); !feature.empty())
    return reply(request, 551, fmt::format("Unsupported: {}\r\n", feature.substr(0, feature.find('\r'))));
  if (request.method == "DESCRIBE") return describe(request);
  if (request.method == "SETUP") return setup(request);
  if (request.method == "PLAY") return play(request);
  if (request.method == "PAUSE") return pause(request);
  if (request.method == "GET_PARAMETER" || request.method == "SET_PARAMETER") return get_parameter(request);
  if (request.method == "TEARDOWN") return teardown(request);
  reply(request, 501, fmt::format("Public: {}\r\n", kMethods));
}

bool Connection::authorized(const Message& request) {
  const auto* auth = host_->auth();
  if (!auth) return true;
  const auto verdict = auth->check(request.header("Authorization"), request.method, request.target,
                                   host_->options().credentials);
  if (verdict == AuthServer::Verdict::kOk) return true;
  std::string challenges;
  for (const auto& challenge : auth->challenges(verdict == AuthServer::Verdict::kStale))
    challenges += fmt::format("WWW-Authenticate: {}\r\n", challenge);
  reply(request, 401, challenges);
  if (verdict != AuthServer::Verdict::kRefused) return false;
  log::get().debug("{}: refuses credentials (rtsp)", host_->options().address);
  if (++refusals_ >= kMaxRefusals) close();
  return false;
}

Feed* Connection::find_feed(const Message& request, std::string_view path) {
  const auto found = host_->find(path);
  const bool may_wait = request.method == "DESCRIBE" && (!held_until_ || Clock::now() < *held_until_);
  if (!found && found.error().code == ErrorCode::kTimeout && may_wait) {
    hold();
    return nullptr;
  }
  held_until_.reset();
  if (found && *found) return *found;
  if (found || found.error().code == ErrorCode::kNotFound) {
    reply(request, 404);
  } else {
    log::get().debug("RTSP {}: {}", path, found.error().message);
    reply(request, 503, fmt::format("Retry-After: {}\r\n", kRetryAfter.count()));  // RFC 2326 §12.31
  }
  return nullptr;
}

void Connection::describe(const Message& request) {
  const auto target = parse_target(request.target);
  if (!target) return reply(request, 400);
  auto* feed = find_feed(request, target->path);
  if (!feed) return;
  if (feed->tracks() == 0) return reply(request, 415);
  const auto sdp = write_sdp(*feed->impl().info, host_->options().server_name, host_->options().address);
  reply(request, 200, fmt::format("Content-Base: {}/\r\nContent-Type: application/sdp\r\n", target->url),
        sdp);
}

void Connection::setup(const Message& request) {
  const auto target = parse_target(request.target);
  if (!target) return reply(request, 400);
  if (!session_matches(request)) return reply(request, 454);
  if (playing || (feed_ && target->path != path_)) return reply(request, 455);
  auto* feed = find_feed(request, target->path);
  if (!feed) return;
  if (feed_ && &feed->impl() != feed_) return reply(request, 454);  // a new feed in the old one's place
  const auto track = target->track.value_or(0);                     // the base URL stands for a single track
  if (track >= feed->tracks() || (!target->track && feed->tracks() > 1)) return reply(request, 459);
  if (setup_of(track)) return reply(request, 455);
  auto chosen = choose_transport(request, track);
  if (!chosen) return reply(request, 461);
  if (!feed_) {
    feed_ = &feed->impl();
    feed_->attach(*this);
    path_ = target->path;
    base_url_ = target->url;
    session_ = make_session_id();
  }
  video = video || feed_->tracks[track].kind == media::TrackKind::kVideo;
  setups_.push_back(chosen->first);
  udp_ = !chosen->first.tcp;
  reply(request, 200,
        fmt::format("Transport: {}\r\nSession: {};timeout={}\r\n", chosen->second, session_,
                    std::chrono::seconds(kSessionTimeout).count()));
}

void Connection::hold() {
  if (!held_until_) held_until_ = Clock::now() + Server::kDescribeWait;
  holding_ = true;
  if (!hold_timer_) hold_timer_.emplace(loop_);
  hold_timer_->after(kHoldLook, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    self->holding_ = false;
    self->consume({});
    if (!self->closed_ && !self->holding_) self->read();
  });
}

std::optional<std::pair<Connection::TrackSetup, std::string>> Connection::choose_transport(
    const Message& request, std::uint8_t track) {
  for (const auto& wish : parse_transports(request.header("Transport"))) {
    if (wish.multicast || (!setups_.empty() && udp_ == wish.tcp)) continue;
    if (!wish.tcp && wire_.tls() != nullptr) continue;  // datagrams would go in the clear
    if (!wish.tcp) {
      if (auto udp = choose_udp(wish, track)) return udp;
      continue;
    }
    TrackSetup setup{.track = track, .channel = static_cast<std::uint8_t>(track * 2), .rtp = {}, .rtcp = {}};
    if (wish.interleaved) setup.channel = wish.interleaved->first;
    const auto overlaps = [&](const TrackSetup& other) {
      return std::abs(other.channel - setup.channel) < 2;
    };
    if (setup.channel == 255 || std::ranges::any_of(setups_, overlaps)) continue;
    return std::pair{setup,
                     fmt::format("RTP/AVP/TCP;unicast;interleaved={}-{}", setup.channel, setup.channel + 1)};
  }
  return std::nullopt;
}

// Datagrams go to the connection's own peer, whatever "destination" says: this is no amplifier.
std::optional<std::pair<Connection::TrackSetup, std::string>> Connection::choose_udp(const Transport& wish,
                                                                                     std::uint8_t track) {
  error_code error;
  const auto peer = wire_.socket().remote_endpoint(error).address();
  if (error || !wish.client_port || wish.client_port->first == 0 || wish.client_port->second == 0)
    return std::nullopt;
  const auto ports = host_->datagrams();
  if (!ports) return std::nullopt;
  const auto [rtp, rtcp] = *wish.client_port;
  TrackSetup setup{.track = track, .tcp = false, .rtp = {peer, rtp}, .rtcp = {peer, rtcp}};
  return std::pair{setup, fmt::format("RTP/AVP;unicast;client_port={}-{};server_port={}-{}", rtp, rtcp,
                                      ports->rtp_port(), ports->rtp_port() + 1)};
}

void Connection::play(const Message& request) {
  if (!feed_ || setups_.empty()) return reply(request, 455);
  if (!session_matches(request)) return reply(request, 454);
  if (playing) return reply(request, 200, session_line());
  hold_media_ = true;
  feed_->play(*this);
  hold_media_ = false;
  reply(request, 200, fmt::format("{}Range: npt=0.000-\r\n{}", session_line(), rtp_info()));
  send_reports();
  flush();
}

// RFC 2326 §12.33, for the tracks whose first packet is known already.
std::string Connection::rtp_info() const {
  std::string info;
  feed_->next(const_cast<Connection&>(*this));
  for (const auto& setup : setups_) {
    const auto* first = feed_->first_of(setup.track, position);
    if (!first) continue;
    info += fmt::format("{}url={}/track{};seq={};rtptime={}", info.empty() ? "RTP-Info: " : ",", base_url_,
                        setup.track, first->first_sequence, first->timestamp);
  }
  return info.empty() ? info : info + "\r\n";
}

void Connection::pause(const Message& request) {
  if (!feed_) return reply(request, 455);
  if (!session_matches(request)) return reply(request, 454);
  feed_->pause(*this);
  reply(request, 200, session_line());
}

void Connection::get_parameter(const Message& request) {
  if (!session_matches(request)) return reply(request, 454);
  reply(request, 200, session_line());
}

void Connection::teardown(const Message& request) {
  if (!session_matches(request)) return reply(request, 454);
  const auto line = session_line();
  leave_feed();
  setups_.clear();
  session_.clear();
  video = udp_ = false;
  reply(request, 200, line);
}

bool Connection::session_matches(const Message& request) const {
  const auto session = request.header("Session");
  if (session.empty()) return true;  // the connection tells which one is meant
  return text::trim(session.substr(0, session.find(';'))) == session_;
}

std::string Connection::session_line() const {
  return session_.empty() ? std::string() : fmt::format("Session: {}\r\n", session_);
}

void Connection::reply(const Message& request, int status, std::string_view headers, std::string_view body) {
  std::string text = fmt::format("RTSP/1.0 {} {}\r\n", status, reason_phrase(status));
  if (const auto cseq = request.cseq()) text += fmt::format("CSeq: {}\r\n", *cseq);
  text += fmt::format("Server: {}\r\n{}", host_->options().server_name, headers);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  text += fmt::format("\r\n{}", body);
  log::get().trace("RTSP {} {}: {}", request.method, request.target, status);
  queue(text);
}

}  // namespace camctl::rtsp
