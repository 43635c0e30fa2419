// How a session reaches its camera: name, address, connection, TLS.
#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "librtsp/client_session.h"

namespace camctl::rtsp {
namespace {

constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// OpenSSL's settings, one for all sessions of a loop: 30 KB and a millisecond to make.
class ClientTls final : public boost::asio::execution_context::service {
 public:
  using key_type = ClientTls;  // by which Asio finds it
  explicit ClientTls(boost::asio::execution_context& context)
      : service(context), context_(tls::Context::client()) {}
  const Result<std::shared_ptr<const tls::Context>>& context() const { return context_; }

 private:
  void shutdown() override {}
  Result<std::shared_ptr<const tls::Context>> context_;
};

}  // namespace

ClientSession::Task<> ClientSession::connect() {
  set_deadline();
  if (auto dialled = co_await dial(wire_); !dialled) co_return dialled;
  if (options_.transport == ClientOptions::Transport::kHttp) co_return co_await open_tunnel();
  co_return Result<void>{};
}

std::uint16_t ClientSession::port() const {
  constexpr std::uint16_t kHttpPort = 80, kHttpsPort = 443;
  if (url_.port || options_.transport != ClientOptions::Transport::kHttp) return url_.effective_port();
  return url_.scheme == "rtsps" ? kHttpsPort : kHttpPort;
}

ClientSession::Task<> ClientSession::dial(Wire& wire) {
  const auto [resolve_error, endpoints] =
      co_await resolver_.async_resolve(url_.host, std::to_string(port()), kTuple);
  if (timed_out_) co_return fail(ErrorCode::kTimeout, fmt::format("{} can't be resolved in time", url_.host));
  if (resolve_error)
    co_return fail(ErrorCode::kNetwork,
                   fmt::format("{} can't be resolved: {}", url_.host, resolve_error.message()));
  const auto [error, endpoint] = co_await boost::asio::async_connect(wire.socket(), endpoints, kTuple);
  if (timed_out_)
    co_return fail(ErrorCode::kTimeout, fmt::format("{} does not answer", where()), "is the camera on?");
  if (error)
    co_return fail(ErrorCode::kNetwork, fmt::format("connecting to {}: {}", where(), error.message()),
                   "is the camera on, and is this its RTSP port?");
  boost::system::error_code ignored;
  wire.socket().set_option(Tcp::no_delay(true), ignored);
  wire.socket().non_blocking(true, ignored);
  if (url_.scheme == "rtsps") co_return co_await secure(wire);
  co_return Result<void>{};
}

ClientSession::Task<> ClientSession::secure(Wire& wire) {
  const auto& context =
      boost::asio::use_service<ClientTls>(static_cast<boost::asio::execution_context&>(loop_.context()))
          .context();
  if (!context) co_return fail(context.error());
  auto session = tls::Session::client(*context, wire.fd(), url_.host);
  if (!session) co_return fail(session.error());
  wire.secure(std::move(*session));
  while (true) {
    const auto need = wire.tls()->handshake();
    if (!need)
      co_return fail(need.error().code, fmt::format("{}: {}", where(), need.error().message),
                     "does the camera offer TLS 1.2 on this port?");
    if (*need == tls::Need::kNone) co_return check_pin(*wire.tls());
    if (auto ready = co_await wait(wire, *need); !ready) co_return ready;
  }
}

// Before anything is sent: another device must not even learn the user's name.
Result<void> ClientSession::check_pin(const tls::Session& session) const {
  const auto pin = session.peer_pin();
  if (!pin) return fail(where(), pin.error());
  if (options_.tls_pin && *pin != *options_.tls_pin)
    return fail(ErrorCode::kAuth,
                fmt::format("{} has the TLS key {}, which is not the pinned one", where(), pin->to_string()),
                "another device answers there, or the camera has a new key: then pin that one");
  if (!options_.tls_pin && options_.unverified) options_.unverified(*pin);
  return {};
}

ClientSession::Task<> ClientSession::flush(Wire& wire) {
  while (true) {
    const auto need = wire.flush();
    if (!need)
      co_return fail(need.error().code, fmt::format("sending to {}: {}", where(), need.error().message));
    if (*need == tls::Need::kNone) co_return Result<void>{};
    if (auto ready = co_await wait(wire, *need); !ready) co_return ready;
  }
}

ClientSession::Task<> ClientSession::wait(Wire& wire, tls::Need need) {
  const auto [error] = co_await wire.socket().async_wait(
      need == tls::Need::kWrite ? Wire::Socket::wait_write : Wire::Socket::wait_read, kTuple);
  if (timed_out_) co_return fail(ErrorCode::kTimeout, fmt::format("{} does not answer", where()));
  if (stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
  if (error) co_return fail(ErrorCode::kNetwork, fmt::format("{}: {}", where(), error.message()));
  co_return Result<void>{};
}

}  // namespace camctl::rtsp
