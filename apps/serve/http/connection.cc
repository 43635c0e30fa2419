#include "apps/serve/http/connection.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>

#include "apps/serve/http/finish.h"
#include "base/log.h"

namespace camctl::apps::serve {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Requests that a client may send ahead while an earlier one is answered; then its socket is left unread.
constexpr std::size_t kMaxInput = kMaxHeaderBytes + kMaxBodyBytes;
constexpr const char* kOnlyTls = "max-age=31536000";  // a year (RFC 6797); browsers keep it for names only
constexpr auto kLingerTime = 1s;                      // for a client to take our last words
constexpr std::size_t kSlowestRate = 32u << 10;  // bytes/s that a client must take, besides write_timeout
constexpr int kNotSentLowat = 128 << 10;         // kernel memory that a reader which never reads can pin

std::chrono::milliseconds write_time(const HttpOptions& options, std::size_t bytes) {
  return options.write_timeout + std::chrono::milliseconds(bytes * 1000 / kSlowestRate);
}

// Answers what `answer` fails to.
void run_guarded(const Request& request, const ExchangePtr& exchange, const std::function<void()>& answer) {
  try {
    answer();
  } catch (const std::exception& e) {
    log::get().error("answering /{}: {}", fmt::join(request.segments, "/"), e.what());
    exchange->send(error_response(500, "internal", "internal error"));
  }
}

}  // namespace

const std::string& HttpLoop::date() {
  const auto now = std::chrono::system_clock::now();
  if (now - date_made >= 1s || now < date_made) {
    date_made = std::chrono::floor<std::chrono::seconds>(now);
    date_text = http_date(now);
  }
  return date_text;
}

// The exchange that handlers hold: it may outlive the connection, and be used from any thread. A handler that
// drops it unanswered has made a mistake, for which the client need not wait.
class Connection::Http1Exchange : public Exchange {
 public:
  Http1Exchange(HttpLoop& loop, std::weak_ptr<Connection> connection, std::shared_ptr<std::atomic<bool>> done)
      : loop_(loop), index_(loop.index), connection_(std::move(connection)), done_(std::move(done)) {}
  ~Http1Exchange() override {
    if (!*done_) send(error_response(500, "internal", "internal error"));
  }

  void send(Response response) override {
    if (done_->exchange(true)) return;
    if (loop_.events.on_loop_thread()) return deliver(connection_, done_, std::move(response));
    loop_.events.post([connection = connection_, done = done_, response = std::move(response)]() mutable {
      deliver(connection, done, std::move(response));
    });
  }
  bool done() const override { return *done_; }
  void hold(std::chrono::milliseconds time, std::function<Response()> fallback) override {
    const auto connection = connection_.lock();
    if (!connection || *done_) return;
    connection->set_deadline(time);
    connection->content_ = Content::kWaited;
    connection->fallback_ = std::move(fallback);
  }
  void open_websocket(std::string accept, std::shared_ptr<WebSocketPeer> peer) override {
    const auto connection = connection_.lock();
    if (done_->exchange(true) || !connection || connection->answered_ != done_) return;
    connection->open_websocket(accept, std::move(peer));
  }
  void open_stream(Response head, std::shared_ptr<StreamPeer> peer) override {
    const auto connection = connection_.lock();
    if (done_->exchange(true) || !connection || connection->answered_ != done_) return;
    connection->open_stream(std::move(head), std::move(peer));
  }
  unsigned loop_index() const override { return index_; }

 private:
  static void deliver(const std::weak_ptr<Connection>& to, const std::shared_ptr<std::atomic<bool>>& done,
                      Response response) {
    const auto connection = to.lock();
    if (connection && connection->answered_ == done) connection->answer(std::move(response));
  }

  HttpLoop& loop_;
  unsigned index_;
  std::weak_ptr<Connection> connection_;
  std::shared_ptr<std::atomic<bool>> done_;  // also tells this request from the connection's later ones
};

Connection::Connection(HttpLoop& loop, boost::asio::ip::tcp::socket socket, IpAddress client)
    : loop_(loop), socket_(std::move(socket)), wire_(socket_.native_handle()), client_(client) {}

Connection::~Connection() = default;

void Connection::start() {
  boost::system::error_code ignored;  // each of these only makes things better
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
#ifdef TCP_NOTSENT_LOWAT
  const int lowat = kNotSentLowat;
  setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof lowat);
#endif
  set_deadline(loop_.options.header_timeout);
  if (!loop_.options.tls) return wait_readable();
  state_ = State::kHandshake;
  if (!wire_.secure(loop_.options.tls)) return close();
  shake_hands();
}

void Connection::shake_hands() {
  const auto need = wire_.handshake();
  if (!need) {
    log::get().debug("{}: {}", client_.to_string(), need.error().message);
    return close();
  }
  if (*need == tls::Need::kNone) {
    state_ = State::kIdle;
    set_deadline(loop_.options.header_timeout);
    return on_readable();
  }
  const auto wanted =
      *need == tls::Need::kWrite ? boost::asio::socket_base::wait_write : boost::asio::socket_base::wait_read;
  socket_.async_wait(wanted, [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->state_ != State::kHandshake) return;
    if (error) return self->close();
    self->shake_hands();
  });
}

void Connection::set_deadline(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (answered_) *answered_ = true;
  fallback_ = nullptr;
  writer_.clear();
  upgrade_.reset();
  websocket_.reset();
  if (stream_) std::exchange(stream_, nullptr)->on_end();
  boost::system::error_code ignored;
  socket_.close(ignored);
  loop_.connections.erase(shared_from_this());
}

void Connection::finish() {
  keep_alive_ = false;
  if (state_ == State::kHandshake || state_ == State::kIdle || state_ == State::kReading ||
      state_ == State::kStreaming)
    return close();
  if (state_ != State::kWebSocket) return;
  websocket_->close(CloseCode::kGoingAway, "the server stops", Clock::now());
  send_frames();
}

void Connection::check_deadline(Clock::time_point now) {
  if (state_ == State::kWebSocket) return check_websocket(now);
  if (now < deadline_) return;
  switch (state_) {
    case State::kHandling: {
      if (!fallback_) return;
      const auto fallback = std::move(fallback_);
      fallback_ = nullptr;
      if (!answered_->exchange(true)) answer(fallback());
      return;
    }
    case State::kReading: {
      keep_alive_ = false;
      answer(error_response(408, "timeout", "the request did not arrive in time"));
      return;
    }
    case State::kStreaming:
      return check_stream();
    case State::kWriting: {
      // What the kernel still holds for a reader that does not read goes too.
      boost::system::error_code ignored;
      socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
      close();
      return;
    }
    default:
      close();
  }
}

void Connection::wait_readable() {
  if (waiting_readable_ || peer_done_ || state_ == State::kClosed || input_.size() >= kMaxInput) return;
  waiting_readable_ = true;
  socket_.async_wait(boost::asio::socket_base::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting_readable_ = false;
                       if (self->state_ == State::kClosed) return;
                       if (error) return self->close();
                       self->on_readable();
                     });
}

// Reads what there is, up to kMaxInput (and a record of TLS, so that none stays half read). False: the
// connection is closed.
bool Connection::read_some() {
  while (input_.size() < kMaxInput) {
    const auto least = wire_.secured() ? tls::Session::kRecord : 1;
    const auto room = std::min(loop_.scratch.size(), std::max(kMaxInput - input_.size(), least));
    const auto got = wire_.read(std::span(loop_.scratch).first(room));
    if (!got) {
      close();
      return false;
    }
    if (state_ != State::kLingering && state_ != State::kStreaming)
      input_.append(loop_.scratch.data(), got->bytes);
    if (got->closed) peer_done_ = true;
    if (got->closed || got->need != tls::Need::kNone) return true;
  }
  return true;
}

void Connection::on_readable() {
  const auto self = shared_from_this();
  if (!read_some()) return;
  if (state_ == State::kLingering || state_ == State::kStreaming)
    return peer_done_ ? close() : wait_readable();
  if (state_ == State::kWebSocket) return receive_frames();
  process();
}

// Takes requests off the input for as long as they are answered at once.
void Connection::process() {
  if (processing_) return;
  processing_ = true;
  while (state_ == State::kIdle || state_ == State::kReading) {
    if (input_.empty()) break;
    if (state_ == State::kIdle) {
      state_ = State::kReading;
      set_deadline(loop_.options.header_timeout);
    }
    const auto status = reader_.feed(input_);
    if (status == RequestReader::Status::kMore) {
      if (reader_.wants_continue()) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        const iovec part{const_cast<char*>(kContinue.data()), kContinue.size()};
        (void)wire_.write({&part, 1});  // a client that hears nothing sends after a while, too
      }
      break;
    }
    if (status == RequestReader::Status::kFailed) {
      keep_alive_ = false;
      received_ = Clock::now();
      content_ = Content::kPage;
      answer(reader_.error());
    } else {
      dispatch(reader_.take());
    }
  }
  processing_ = false;
  if (state_ == State::kIdle && input_.empty()) input_.shrink_to_fit();
  const bool reading = state_ == State::kIdle || state_ == State::kReading;
  if (peer_done_ && reading) return close();
  wait_readable();
}

void Connection::dispatch(std::shared_ptr<Request> request) {
  state_ = State::kHandling;
  received_ = Clock::now();
  keep_alive_ = keep_alive_ && reader_.keep_alive();
  deadline_ = Clock::time_point::max();
  request->client = client_;
  request->tls = wire_.secured();
  answered_ = std::make_shared<std::atomic<bool>>(false);
  const auto exchange = std::make_shared<Http1Exchange>(loop_, weak_from_this(), answered_);
  auto refusal = check(*request, loop_.options.guard);
  loop_.gate->prepare(*request);
  auto found = refusal ? Router::Match{} : loop_.router.match(*request);
  request_ = request;
  content_ = found.content;
  if (refusal) return exchange->send(std::move(*refusal));
  if (!found.route) {
    if (request->method == Method::kOptions && (!found.allow.empty() || request->segments.empty()))
      return exchange->send(preflight(*request, loop_.options.guard.cors_origins,
                                      found.allow.empty() ? "GET, HEAD, POST, PATCH, DELETE" : found.allow));
    if (found.allow.empty())
      return exchange->send(error_response(404, "not_found", "there is nothing at this address"));
    auto response = error_response(405, "method", "this address has no such method", "it has " + found.allow);
    response.headers.emplace_back("Allow", found.allow);
    return exchange->send(std::move(response));
  }
  run_guarded(*request, exchange, [&] {
    loop_.gate->admit(request, *found.route, exchange, [request, exchange, route = found.route] {
      run_guarded(*request, exchange, [&] { route->handler(request, exchange); });
    });
  });
}

void Connection::answer(Response response) {
  if (state_ == State::kClosed) return;
  fallback_ = nullptr;
  if (request_) apply_request(*request_, loop_.options.guard.cors_origins, response);
  if (request_ && request_->method == Method::kOptions) keep_alive_ = keep_alive_ && response.status < 400;
  if (wire_.secured()) response.headers.emplace_back("Strict-Transport-Security", kOnlyTls);
  status_ = response.status;
  const bool head_only = request_ && request_->method == Method::kHead;
  auto head = head_of(response, keep_alive_, loop_.date());
  begin_writing(std::move(head), head_only ? nullptr : std::move(response.body));
}

void Connection::begin_writing(std::string head, hls::BodyPtr body) {
  auto file = wire_.secured() ? nullptr : loop_.files.request(body, Clock::now());
  writer_.begin(std::move(head), std::move(body), std::move(file));
  state_ = State::kWriting;
  set_deadline(write_time(loop_.options, writer_.size()));
  write_some();
}

void Connection::write_some() {
  switch (writer_.send(wire_)) {
    case ResponseWriter::Status::kDone:
      return on_written();
    case ResponseWriter::Status::kFailed:
      return close();
    case ResponseWriter::Status::kBlocked:
      socket_.async_wait(boost::asio::socket_base::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (self->state_ != State::kWriting) return;
                           if (error) return self->close();
                           self->write_some();
                         });
  }
}

void Connection::on_written() {
  loop_.counters.answered(content_, status_, writer_.body_sent(), Clock::now() - received_);
  if (loop_.log.wanted()) log_access();
  request_.reset();
  answered_.reset();
  writer_.clear();
  if (upgrade_) return begin_websocket();
  if (stream_) return begin_stream();
  if (!keep_alive_) return linger();
  state_ = State::kIdle;
  set_deadline(loop_.options.idle_timeout);
  process();
}

void Connection::log_access() {
  Request unreadable;
  unreadable.client = client_;
  loop_.log.write(access_line(request_ ? *request_ : unreadable, status_, writer_.body_sent() + frames_sent_,
                              std::chrono::system_clock::now()));
}

// Ends our side and waits a moment for the client's, so that a reset does not overtake the response.
void Connection::linger() {
  state_ = State::kLingering;
  set_deadline(kLingerTime);
  input_ = {};
  boost::system::error_code error;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, error);
  if (error || peer_done_) return close();
  wait_readable();
}

}  // namespace camctl::apps::serve
