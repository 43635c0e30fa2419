#include "apps/simulate/http_server.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <deque>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "base/log.h"

namespace camctl::simulate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::uint32_t kMaxHeader = 16 << 10;  // a request has some 500 bytes of it
constexpr std::uint64_t kMaxBody = 256 << 10;   // SOAP requests are a few KB
constexpr std::size_t kMaxConnections = 2048;   // of all cameras: two for each client of a large test
constexpr auto kRequestTimeout = std::chrono::seconds(10);  // from a request's first byte, and for a reply
constexpr auto kIdleTimeout = std::chrono::seconds(30);     // between requests

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Response make_response(const Request& request, onvif::SoapReply reply) {
  Response response(static_cast<http::status>(reply.status), request.version());
  response.set(http::field::content_type, reply.content_type);
  for (const auto& [name, value] : reply.headers) response.insert(name, value);
  response.keep_alive(request.keep_alive());
  const auto length = reply.body.size();
  if (request.method() != http::verb::head) response.body() = std::move(reply.body);
  if (reply.chunked)
    response.chunked(true);
  else
    response.content_length(length);
  return response;
}

Response refuse(int status, std::string text) {
  Request none;
  none.version(11);
  none.keep_alive(false);
  return make_response(none, {status, "text/plain; charset=utf-8", {}, std::move(text)});
}

}  // namespace

struct HttpServer::Impl {
  Impl(EventLoop& the_loop, std::chrono::milliseconds the_latency,
       std::shared_ptr<const tls::Context> the_tls)
      : loop(the_loop), latency(the_latency), tls(std::move(the_tls)) {
    if (!tls) return;
    auto* native = static_cast<SSL_CTX*>(tls->native());
    SSL_CTX_up_ref(native);  // Asio's owner gives one back
    ssl.emplace(native);
  }

  // Both keep `self` while they run.
  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self, tcp::acceptor& acceptor,
                                          const Handler& handler);
  template <class Stream>
  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, Stream stream, const Handler& handler);

  EventLoop& loop;
  const std::chrono::milliseconds latency;
  const std::shared_ptr<const tls::Context> tls;
  std::optional<asio::ssl::context> ssl;                    // the same
  std::deque<std::pair<tcp::acceptor, Handler>> listeners;  // a deque: they are referred to
  std::set<beast::tcp_stream*> connections;
  bool closed = false;
};

HttpServer::HttpServer(EventLoop& loop, std::chrono::milliseconds latency,
                       std::shared_ptr<const tls::Context> tls)
    : impl_(std::make_shared<Impl>(loop, latency, std::move(tls))) {}

HttpServer::~HttpServer() {
  impl_->closed = true;
  boost::system::error_code ignored;
  for (auto& [acceptor, handler] : impl_->listeners) acceptor.close(ignored);
  for (auto* stream : impl_->connections) stream->close();
}

Result<void> HttpServer::listen(const std::string& address, std::uint16_t port, Handler handler) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::kUsage, fmt::format("'{}' is not an IP address", address));
  const tcp::endpoint endpoint(ip, port);
  tcp::acceptor acceptor(impl_->loop.context());
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(ErrorCode::kIo,
                fmt::format("can't listen for ONVIF on {}:{}: {}", address, port, error.message()));
  auto& [listener, its_handler] = impl_->listeners.emplace_back(std::move(acceptor), std::move(handler));
  asio::co_spawn(impl_->loop.context(), Impl::accept_all(impl_, listener, its_handler), asio::detached);
  return {};
}

template <class Stream>
asio::awaitable<void> HttpServer::Impl::serve(std::shared_ptr<Impl> self, Stream stream,
                                              const Handler& handler) {
  auto& lowest = beast::get_lowest_layer(stream);
  self->connections.insert(&lowest);
  const auto forget = std::unique_ptr<beast::tcp_stream, std::function<void(beast::tcp_stream*)>>(
      &lowest, [&self](beast::tcp_stream* gone) { self->connections.erase(gone); });
  if constexpr (std::is_same_v<Stream, TlsStream>) {
    lowest.expires_after(kRequestTimeout);
    const auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait);
    if (refused) co_return;
  }
  beast::flat_buffer buffer(kMaxHeader + kMaxBody);
  for (bool keep = true; keep && !self->closed;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kMaxHeader);
    parser.body_limit(kMaxBody);
    lowest.expires_after(kIdleTimeout);
    auto [header_error, header_size] = co_await http::async_read_some(stream, buffer, parser, kAwait);
    lowest.expires_after(kRequestTimeout);
    auto error = header_error;
    if (!error && !parser.is_done())
      std::tie(error, header_size) = co_await http::async_read(stream, buffer, parser, kAwait);
    if (self->closed || error == http::error::end_of_stream || error == beast::error::timeout) co_return;
    Response response;
    bool hangs_up = false;
    if (error == http::error::body_limit || error == http::error::header_limit) {
      response = refuse(413, "request too large\n");
    } else if (error) {
      if (error.category() != http::make_error_code(http::error::bad_method).category()) co_return;
      response = refuse(400, fmt::format("not an HTTP request: {}\n", error.message()));
    } else {
      const auto& request = parser.get();
      auto reply =
          handler({view(request.method_string()), view(request.target()),
                   view(request[http::field::content_type]), view(request[http::field::authorization]),
                   request.body(), view(request[http::field::host]), request.chunked()});
      lowest.expires_never();
      while (reply.later && !self->closed) {
        asio::steady_timer due(self->loop.context(), reply.after);
        co_await due.async_wait(kAwait);
        if (self->closed) co_return;
        reply = std::exchange(reply.later, nullptr)();
      }
      if (reply.status == 0) co_return;
      lowest.expires_after(kRequestTimeout);
      hangs_up = reply.hangs_up;
      response = make_response(request, std::move(reply));
    }
    if (self->latency.count() > 0) {
      asio::steady_timer pause(self->loop.context(), self->latency);
      co_await pause.async_wait(kAwait);
      if (self->closed) co_return;
    }
    keep = response.keep_alive() && !hangs_up;
    const auto [write_error, written] = co_await http::async_write(stream, response, kAwait);
    if (write_error) co_return;
  }
  boost::system::error_code ignored;
  lowest.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> HttpServer::Impl::accept_all(std::shared_ptr<Impl> self, tcp::acceptor& acceptor,
                                                   const Handler& handler) {
  auto& context = self->loop.context();
  while (!self->closed) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (self->closed) co_return;
    if (error) {  // out of file descriptors, or the client has gone again
      log::get().warn("accepting an ONVIF connection: {}", error.message());
      asio::steady_timer pause(context, std::chrono::milliseconds(50));
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (self->connections.size() >= kMaxConnections) continue;  // drops it
    beast::tcp_stream stream(std::move(socket));
    if (self->ssl)
      asio::co_spawn(context, serve(self, TlsStream(std::move(stream), *self->ssl), handler), asio::detached);
    else
      asio::co_spawn(context, serve(self, std::move(stream), handler), asio::detached);
  }
}

}  // namespace camctl::simulate
