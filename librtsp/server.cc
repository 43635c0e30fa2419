#include "librtsp/server.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "librtsp/connection.h"

namespace camctl::rtsp {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr auto kSweepInterval = 1s;     // between looks at deadlines
constexpr auto kAcceptRetry = 500ms;    // when file descriptors have run out
constexpr int kBacklog = 1024;          // hundreds of recorders that reconnect at once
constexpr int kSendBuffer = 256 << 10;  // of the kernel, per reader: 20 Mbps over 100 ms of round trip

}  // namespace

// Shared with the pending accept, which may complete after the Server is gone.
struct Server::Impl final : ConnectionHost, std::enable_shared_from_this<Server::Impl> {
  Impl(EventLoop& event_loop, ServerOptions server_options, Lookup find_feed)
      : loop(event_loop),
        settings(std::move(server_options)),
        lookup(std::move(find_feed)),
        acceptor(loop.context()),
        sweep_timer(loop),
        accept_timer(loop) {
    if (!settings.digest.empty() || settings.basic)
      auth_server.emplace(settings.server_name, settings.digest, settings.basic);
  }

  Result<void> open() {
    error_code error;
    const auto address = boost::asio::ip::make_address(settings.address, error);
    if (error) return fail(ErrorCode::kUsage, "RTSP address " + settings.address + " is not an IP address");
    const tcp::endpoint endpoint(address, settings.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kBacklog, error);
    if (error) {
      const auto where = settings.address + " port " + std::to_string(settings.port);
      return fail(ErrorCode::kIo, "can't listen for RTSP on " + where + ": " + error.message(),
                  "another program may use the port");
    }
    accept();
    return {};
  }

  void accept() {
    acceptor.async_accept([this, weak = weak_from_this()](error_code error, tcp::socket socket) {
      const auto self = weak.lock();
      if (!self || error == boost::asio::error::operation_aborted) return;
      if (error) return accept_timer.after(kAcceptRetry, [this] { accept(); });
      admit(std::move(socket));
      accept();
    });
  }

  void admit(tcp::socket socket) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(tcp::socket::send_buffer_size(kSendBuffer), ignored);
    if (connections.size() >= settings.max_sessions) {
      socket.write_some(boost::asio::buffer(std::string_view("RTSP/1.0 503 Service Unavailable\r\n\r\n")),
                        ignored);
      return;
    }
    auto connection = std::make_shared<Connection>(loop, std::move(socket), *this);
    connections.push_back(connection);
    if (connections.size() == 1) schedule_sweep();
    connection->start();
  }

  void schedule_sweep() {
    sweep_timer.after(kSweepInterval, [this] {
      const auto now = std::chrono::steady_clock::now();
      for (const auto& connection : std::vector(connections)) connection->check_deadlines(now);
      if (!connections.empty()) schedule_sweep();
    });
  }

  void close_all() {
    for (const auto& connection : std::vector(connections)) connection->close();
  }

  const ServerOptions& options() const override { return settings; }
  const AuthServer* auth() const override { return auth_server ? &*auth_server : nullptr; }
  Result<Feed*> find(std::string_view path) override { return lookup(path); }

  std::shared_ptr<DatagramPorts> datagrams() override {
    if (!datagram_ports) {
      const auto address = boost::asio::ip::make_address(settings.address);
      auto opened = DatagramPorts::open(loop, address, [this](const DatagramPorts::Endpoint& from) {
        for (const auto& connection : connections) connection->on_datagram(from);
      });
      if (opened) datagram_ports = *opened;
    }
    return datagram_ports;
  }

  std::shared_ptr<Connection> find_tunnel(std::string_view cookie,
                                          const boost::asio::ip::address& peer) override {
    const auto found = std::ranges::find_if(
        connections, [&](const auto& connection) { return connection->has_tunnel(cookie, peer); });
    return found == connections.end() ? nullptr : *found;
  }

  void on_closed(Connection& connection) override {
    std::erase_if(connections, [&](const auto& other) { return other.get() == &connection; });
  }

  EventLoop& loop;
  ServerOptions settings;
  Lookup lookup;
  std::optional<AuthServer> auth_server;
  tcp::acceptor acceptor;
  std::vector<std::shared_ptr<Connection>> connections;
  std::shared_ptr<DatagramPorts> datagram_ports;
  Timer sweep_timer, accept_timer;
};

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->close_all();
  if (impl_->datagram_ports) impl_->datagram_ports->close();
}

Result<std::unique_ptr<Server>> Server::listen(EventLoop& loop, ServerOptions options, Lookup lookup) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), std::move(lookup));
  if (auto opened = impl->open(); !opened) return fail(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void Server::close_connections() { impl_->close_all(); }

}  // namespace camctl::rtsp
