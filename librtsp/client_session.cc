// How a session is set up: connect, DESCRIBE, SETUP, PLAY (RFC 2326 §10).
#include "librtsp/client_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace camctl::rtsp {
namespace {

constexpr unsigned kMostRedirects = 5;  // cameras use one, to another port or path
// Shorter than any camera's, so that a nonsense `timeout=0` does not make us flood it.
constexpr std::chrono::seconds kShortestSession{5}, kLongestSession{3600};

bool is_redirect(int status) { return status >= 301 && status <= 308 && status != 304; }

// A redirect must not carry credentials to another host, so it starts without.
Credentials credentials_for(const ClientOptions& options) {
  return options.credentials.empty() ? options.url.credentials : options.credentials;
}

Error status_error(std::string_view doing, int status, std::string_view reason) {
  const auto code = status == 404                    ? ErrorCode::kNotFound
                    : status == 401 || status == 403 ? ErrorCode::kAuth
                                                     : ErrorCode::kProtocol;
  return {code, fmt::format("{}: {} {}", doing, status, reason),
          status == 404 ? "the camera has no stream of this name; run camctl discover again" : ""};
}

std::string_view name(ClientOptions::Transport choice) {
  switch (choice) {
    case ClientOptions::Transport::kUdp:
      return "UDP";
    case ClientOptions::Transport::kMulticast:
      return "multicast";
    default:
      return "TCP";
  }
}

std::uint64_t parse_number(std::string_view text, std::uint64_t otherwise) {
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

}  // namespace

ClientSession::ClientSession(EventLoop& loop, ClientOptions options, media::SourceSink& sink)
    : loop_(loop),
      poller_(MediaPoller::of(loop)),
      options_(std::move(options)),
      sink_(sink),
      url_(options_.url),
      auth_(credentials_for(options_), true),
      wire_(loop.context()),
      resolver_(loop.context()),
      deadline_(loop),
      keep_alive_timer_(loop),
      report_timer_(loop),
      reception_(sink, options_.metadata) {
  channels_.fill(-1);
}

ClientSession::~ClientSession() { close(); }

std::string ClientSession::where() const { return url_.host + fmt::format(":{}", port()); }

void ClientSession::start() {
  boost::asio::co_spawn(
      loop_.context(),
      [self = shared_from_this()]() -> boost::asio::awaitable<void> {
        const auto result = co_await self->run();
        if (!result) self->finish(result.error());
      },
      boost::asio::detached);
}

ClientSession::Task<> ClientSession::run() {
  if (auto done = co_await connect(); !done) co_return done;
  if (auto done = co_await describe(); !done) co_return done;
  if (auto done = co_await set_up_tracks(); !done) co_return done;
  if (auto done = co_await play(); !done) co_return done;
  if (!stopped_) begin_media();
  co_return Result<void>{};
}

ClientSession::Task<> ClientSession::describe() {
  const std::string target = url_.to_string();
  // What it can do, for keep-alive. A refusal says nothing about DESCRIBE.
  auto options = co_await exchange_once("OPTIONS", target, {});
  if (!options) co_return fail(options.error());
  has_get_parameter_ = options->header("Public").find("GET_PARAMETER") != std::string_view::npos;

  auto reply = co_await exchange("DESCRIBE", target, "Accept: application/sdp\r\n");
  if (!reply) co_return fail(reply.error());
  if (is_redirect(reply->status)) {
    auto next = Url::parse(reply->header("Location"));
    if (!next || (next->scheme != "rtsp" && next->scheme != "rtsps") || ++redirects_ > kMostRedirects)
      co_return fail(ErrorCode::kProtocol, fmt::format("{} redirects to nowhere", where()));
    const bool unveiled = url_.scheme == "rtsps" && next->scheme == "rtsp";
    if (unveiled && options_.tls_pin)
      co_return fail(ErrorCode::kAuth, fmt::format("{} redirects from TLS to none", where()),
                     "without TLS the pinned key proves nothing; remove the pin if this is as it should be");
    if (next->host != url_.host || unveiled) auth_ = AuthClient({}, false);
    url_ = std::move(*next);
    wire_.close();
    post_.reset();
    pending_.clear();
    if (auto connected = co_await connect(); !connected) co_return connected;
    co_return co_await describe();
  }
  if (reply->status != 200) co_return fail(status_error(where(), reply->status, reply->reason));

  auto description = parse_sdp(reply->body);
  if (!description) co_return fail(where(), description.error());
  description_ = std::move(*description);
  base_url_ = target;
  for (const auto* name : {"Content-Location", "Content-Base"})
    if (const auto value = text::trim(reply->header(name)); !value.empty() && Url::parse(value))
      base_url_ = Url::parse(value)->to_string();
  co_return Result<void>{};
}

// The first video track and the first audio track that can be taken apart.
ClientSession::Task<> ClientSession::set_up_tracks() {
  const auto first = [this](media::TrackKind kind) {
    return std::find_if(description_.tracks.begin(), description_.tracks.end(),
                        [kind](const DescribedTrack& track) { return track.format.kind == kind; });
  };
  const auto video = first(media::TrackKind::kVideo), audio = first(media::TrackKind::kAudio);
  if (video != description_.tracks.end())
    if (auto done = co_await set_up(*video); !done) co_return done;
  if (options_.audio && audio != description_.tracks.end()) {
    const auto done = co_await set_up(*audio);
    // A stream without its sound is better than none; a connection that broke is not.
    if (!done && (video == description_.tracks.end() || !wire_.open())) co_return done;
  }
  const auto metadata = first(media::TrackKind::kMetadata);
  if (options_.metadata && metadata != description_.tracks.end() && wire_.open()) [[maybe_unused]]
    const auto done = co_await set_up(*metadata);  // as with the sound
  if (track_urls_.empty())
    co_return fail(ErrorCode::kUnsupported, fmt::format("{} offers no track", where()));
  co_return Result<void>{};
}

// The Transport header to ask with; for UDP with a pair of ports that is open from then on.
Result<std::string> ClientSession::proposal(Choice choice) {
  const auto index = track_urls_.size();
  if (choice == Choice::kMulticast) return "Transport: RTP/AVP;multicast\r\n";
  if (choice != Choice::kUdp)
    return fmt::format("Transport: RTP/AVP/TCP;unicast;interleaved={}-{}\r\n", 2 * index, 2 * index + 1);
  auto receiver =
      DatagramReceiver::open(loop_, own_address(), peer_address(), packets_of(index), reports_of(index));
  if (!receiver) return fail(receiver.error());
  datagrams_.push_back(std::move(*receiver));
  const auto port = datagrams_.back()->port();
  return fmt::format("Transport: RTP/AVP;unicast;client_port={}-{}\r\n", port, port + 1);
}

DatagramReceiver::Packet ClientSession::packets_of(std::size_t track) {
  return [weak = weak_from_this(), track](media::ByteView packet, auto arrival) {
    const auto self = weak.lock();  // which what it delivers may stop
    if (self && track < self->track_urls_.size()) self->reception_.on_rtp(track, packet, arrival);
  };
}

DatagramReceiver::Packet ClientSession::reports_of(std::size_t track) {
  return [weak = weak_from_this(), track](media::ByteView packet, auto arrival) {
    const auto self = weak.lock();  // which what it delivers may stop
    if (self && track < self->track_urls_.size()) self->reception_.on_rtcp(track, packet, arrival);
  };
}

boost::asio::ip::address ClientSession::own_address() {
  boost::system::error_code ignored;
  return wire_.socket().local_endpoint(ignored).address();
}

boost::asio::ip::address ClientSession::peer_address() {
  boost::system::error_code ignored;
  return wire_.socket().remote_endpoint(ignored).address();
}

ClientSession::Task<Transport> ClientSession::propose(const std::string& target, Choice choice,
                                                      std::string& transport_text) {
  auto text = proposal(choice);
  if (!text) co_return fail(text.error());
  auto reply = co_await exchange("SETUP", target, std::move(*text));
  if (!reply) co_return fail(reply.error());
  if (reply->status == 461 || reply->status == 459)
    co_return fail(ErrorCode::kUnsupported, fmt::format("{} refuses RTP over {}", where(), name(choice)));
  if (reply->status != 200) co_return fail(status_error(where(), reply->status, reply->reason));

  // "12345678;timeout=60"
  const auto fields = text::split(reply->header("Session"), ";");
  if (!fields.empty()) session_id_ = text::trim(fields[0]);
  for (const auto field : fields)
    if (const auto pair = text::trim(field); text::iequals(pair.substr(0, 8), "timeout="))
      session_timeout_ = std::clamp(std::chrono::seconds(parse_number(pair.substr(8), 60)), kShortestSession,
                                    kLongestSession);
  transport_text = reply->header("Transport");
  const auto transports = parse_transports(transport_text);
  if (transports.empty()) {  // some cameras leave it out where they agree
    Transport agreed;
    agreed.tcp = choice == Choice::kTcp;
    agreed.multicast = choice == Choice::kMulticast;
    co_return agreed;
  }
  co_return transports.front();
}

ClientSession::Task<> ClientSession::set_up(const DescribedTrack& track) {
  if (auto added = reception_.add_track(track.format); !added) co_return fail(where(), added.error());
  const std::string target = control_url(control_url(base_url_, description_.control), track.control);
  // Inside TLS or a tunnel there is nothing else: datagrams would go in the clear.
  const bool inside = wire_.tls() != nullptr || post_;
  auto choice = inside ? Choice::kTcp : options_.transport;
  if (choice == Choice::kAuto) choice = datagrams_.empty() ? Choice::kTcp : Choice::kUdp;
  std::string text;  // what the transport's views point into
  auto agreed = co_await propose(target, choice, text);
  if (!agreed && agreed.error().code == ErrorCode::kUnsupported && !inside &&
      options_.transport == Choice::kAuto && track_urls_.empty())
    agreed = co_await propose(target, Choice::kUdp, text);
  const auto used = agreed ? use(*agreed, track) : fail(agreed.error());
  if (!used) {
    reception_.remove_last_track();
    if (datagrams_.size() > track_urls_.size()) datagrams_.pop_back();
    co_return used;
  }
  track_urls_.push_back(target);
  co_return Result<void>{};
}

Result<void> ClientSession::use(const Transport& agreed, const DescribedTrack& track) {
  if (options_.transport == Choice::kMulticast && datagrams_.size() == track_urls_.size())
    if (auto joined = join(agreed, track); !joined) return joined;
  if (datagrams_.empty()) {
    const auto index = track_urls_.size();
    const auto channels =
        agreed.interleaved.value_or(std::pair<std::uint8_t, std::uint8_t>(2 * index, 2 * index + 1));
    channels_[channels.first] = static_cast<std::int8_t>(2 * index);
    channels_[channels.second] = static_cast<std::int8_t>(2 * index + 1);
    return {};
  }
  if (agreed.server_port && !agreed.multicast)
    datagrams_.back()->set_peer_ports(agreed.server_port->first, agreed.server_port->second);
  boost::system::error_code error;
  const auto source = boost::asio::ip::make_address(agreed.source, error);
  if (!error) datagrams_.back()->accept_from(source);
  return {};
}

// SETUP's reply says where (RFC 2326 §12.39); the description's lines stand in for what it leaves out.
Result<void> ClientSession::join(const Transport& agreed, const DescribedTrack& track) {
  if (!agreed.multicast)
    return fail(ErrorCode::kUnsupported, fmt::format("{} refuses RTP over multicast", where()));
  boost::system::error_code error, no_source;
  DatagramReceiver::Group group;
  group.address = boost::asio::ip::make_address(
      agreed.destination.empty() ? std::string_view(track.group) : agreed.destination, error);
  if (error || !group.address.is_multicast())
    return fail(ErrorCode::kProtocol, fmt::format("{} names no multicast group", where()));
  constexpr std::uint16_t kLastEven = 65'534;
  const auto ports = agreed.port.value_or(
      std::pair(track.port, static_cast<std::uint16_t>(std::min(track.port, kLastEven) + 1)));
  group.rtp_port = ports.first;
  group.rtcp_port = ports.second;
  if (group.rtp_port == 0 || group.rtcp_port == 0)
    return fail(ErrorCode::kProtocol, fmt::format("{} names no port of its multicast group", where()));
  const auto source = boost::asio::ip::make_address(track.source, no_source);
  if (!no_source && source.is_v4() == group.address.is_v4()) group.source = source;
  const auto index = track_urls_.size();
  auto receiver = DatagramReceiver::join(loop_, own_address(), peer_address(), group, packets_of(index),
                                         reports_of(index));
  if (!receiver) return fail(where(), receiver.error());
  datagrams_.push_back(std::move(*receiver));
  return {};
}

ClientSession::Task<> ClientSession::play() {
  const std::string aggregate = control_url(base_url_, description_.control);
  auto reply = co_await exchange("PLAY", aggregate, "Range: npt=0.000-\r\n");
  // No aggregate control (RFC 2326 §10.5): each track by itself.
  for (const auto& track : track_urls_) {
    if (!reply || reply->status == 200) break;
    reply = co_await exchange("PLAY", track, "Range: npt=0.000-\r\n");
  }
  if (!reply) co_return fail(reply.error());
  if (reply->status != 200) co_return fail(status_error(where(), reply->status, reply->reason));
  note_rtp_info(reply->header("RTP-Info"));
  co_return Result<void>{};
}

// url=…;seq=…;rtptime=…, one a track (RFC 2326 §12.33), told apart by their URLs' ends: some cameras write
// relative ones.
void ClientSession::note_rtp_info(std::string_view header) {
  for (const auto entry : text::split(header, ",")) {
    std::string_view url;
    std::optional<std::uint64_t> time;
    for (const auto field : text::split(entry, ";")) {
      const auto pair = text::trim(field);
      if (text::iequals(pair.substr(0, 4), "url=")) url = pair.substr(4);
      if (text::iequals(pair.substr(0, 8), "rtptime=")) time = parse_number(pair.substr(8), 0);
    }
    if (url.empty() || !time) continue;
    for (std::size_t i = 0; i < track_urls_.size(); ++i)
      if (track_urls_[i].ends_with(url)) reception_.set_rtp_start(i, static_cast<std::uint32_t>(*time));
  }
}

void ClientSession::stop() {
  if (stopped_) return;
  if (playing_ && !session_id_.empty())
    send_now(request("TEARDOWN", control_url(base_url_, description_.control), {}));
  stopped_ = true;
  reception_.stop();
  close();
}

void ClientSession::finish(Error error) {
  if (stopped_) return;
  stopped_ = true;
  reception_.stop();
  close();
  sink_.on_end(fail(std::move(error)));
}

void ClientSession::close() {
  deadline_.cancel();
  keep_alive_timer_.cancel();
  report_timer_.cancel();
  resolver_.cancel();
  datagrams_.clear();
  if (std::exchange(playing_, false)) poller_.remove(wire_.fd());
  wire_.close();
  if (post_) post_->close();
}

}  // namespace camctl::rtsp
