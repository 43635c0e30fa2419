#include "apps/serve/http/server.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "apps/serve/http/connection.h"
#include "apps/serve/http/finish.h"
#include "apps/serve/http/target.h"
#include "base/log.h"

namespace camctl::apps::serve {
namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto kDeadlineTick = 250ms;  // how exact time-outs are; nothing ticks while nobody is connected
constexpr auto kAcceptPause = 200ms;   // after running out of descriptors
constexpr int kBacklog = 1024;

boost::asio::ip::address to_asio(const IpAddress& address) {
  const boost::asio::ip::address_v6 v6(boost::asio::ip::address_v6::bytes_type(address.bytes));
  if (address.is_v4()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6);
  return v6;
}

IpAddress from_asio(const boost::asio::ip::address& address) {
  IpAddress result;
  const auto v6 = address.is_v4()
                      ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4())
                      : address.to_v6();
  const auto bytes = v6.to_bytes();
  std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  return result;
}

void look_at_deadlines(HttpLoop& loop) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Connection>> due;  // which may go, and others with them
  for (const auto& connection : loop.connections)
    if (connection->is_due(now)) due.push_back(connection);
  for (const auto& connection : due) connection->check_deadline(now);
  const bool no_files = loop.files.forget_idle(now);
  if (!loop.connections.empty() || !no_files)
    loop.timer.after(kDeadlineTick, [&loop] { look_at_deadlines(loop); });
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::kUsage, fmt::format("can't listen on \"{}\": expected ADDRESS:PORT", text),
                "for instance 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080");
  };
  const auto authority = parse_authority(text);
  if (!authority || authority->port.empty()) return bad();
  const auto port = std::stoul(authority->port);  // at most five digits
  const auto address = IpAddress::parse(authority->host == "localhost" ? "127.0.0.1" : authority->host);
  if (!address || port > 65535) return bad();
  return ListenAddress{*address, static_cast<std::uint16_t>(port)};
}

std::string ListenAddress::to_string() const {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(std::size_t limit, std::unique_ptr<AccessLog> access_log)
      : max_connections(limit), log(std::move(access_log)) {}

  void accept();
  void admit(HttpLoop& loop, tcp::socket socket);

  Router router;
  GatekeeperPtr gate;
  std::size_t max_connections;
  std::unique_ptr<AccessLog> log;
  SharedFiles files;
  std::vector<std::unique_ptr<HttpLoop>> loops;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<Timer> pause;
  unsigned next_loop = 0;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> refused{0};
};

Server::Server(unsigned threads, std::size_t max_connections, std::unique_ptr<AccessLog> log)
    : impl_(std::make_shared<Impl>(max_connections, std::move(log))) {
  for (unsigned i = 0; i < threads; ++i)
    impl_->loops.push_back(
        std::make_unique<HttpLoop>(i, impl_->router, impl_->gate, *impl_->log, impl_->files));
  for (auto& loop : impl_->loops) loop->events.start(fmt::format("http-{}", loop->index).c_str());
}

Server::~Server() {
  if (impl_->acceptor) impl_->acceptor.reset();
  impl_->pause.reset();
  if (impl_->gate) impl_->gate->stop();
  for (auto& loop : impl_->loops) {
    loop->events.stop();
    loop->events.join();  // only then may what its handlers use go
  }
  impl_->loops.clear();
}

Result<void> Server::listen(EventLoop& control, const ListenAddress& address) {
  const tcp::endpoint endpoint(to_asio(address.address), address.port);
  auto acceptor = std::make_unique<tcp::acceptor>(control.context());
  boost::system::error_code error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(kBacklog, error);
  if (error) {
    const bool in_use = error == boost::asio::error::address_in_use;
    return fail(ErrorCode::kIo, fmt::format("can't listen on {}: {}", address.to_string(), error.message()),
                in_use ? "another program listens there; choose another port with --listen" : "");
  }
  impl_->acceptor = std::move(acceptor);
  impl_->pause = std::make_unique<Timer>(control);
  return {};
}

ListenAddress Server::address() const {
  boost::system::error_code ignored;
  const auto endpoint = impl_->acceptor->local_endpoint(ignored);
  return {from_asio(endpoint.address()), endpoint.port()};
}

void Server::start(Router router, GatekeeperPtr gate) {
  impl_->router = std::move(router);  // no loop looks at them before its first connection
  impl_->gate = std::move(gate);
  impl_->accept();
}

void Server::Impl::accept() {
  auto& loop = *loops[next_loop];
  next_loop = (next_loop + 1) % static_cast<unsigned>(loops.size());
  acceptor->async_accept(
      loop.events.context(),
      [weak = weak_from_this(), &loop](const boost::system::error_code& error, tcp::socket socket) {
        const auto self = weak.lock();
        if (!self || !self->acceptor || error == boost::asio::error::operation_aborted) return;
        if (error) {  // out of descriptors, or the client is gone already
          log::get().warn("accepting a connection: {}", error.message());
          self->pause->after(kAcceptPause, [self] { self->accept(); });
          return;
        }
        self->admit(loop, std::move(socket));
        self->accept();
      });
}

void Server::Impl::admit(HttpLoop& loop, tcp::socket socket) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;
  if (connections.fetch_add(1) >= max_connections) {
    --connections;
    ++refused;
    const auto response = error_response(503, "limit", "too many connections");
    const auto head = head_of(response, false, http_date(std::chrono::system_clock::now()));
    socket.non_blocking(true, error);
    socket.send(boost::asio::buffer(head), 0, error);
    return;
  }
  // Counts itself out wherever it is dropped.
  const auto counted = std::shared_ptr<void>(nullptr, [weak = weak_from_this()](void*) {
    if (const auto self = weak.lock()) --self->connections;
  });
  loop.events.post([&loop, counted, client = from_asio(peer.address()),
                    shared = std::make_shared<tcp::socket>(std::move(socket))] {
    // The deleter carries the count, so that it falls with the connection.
    const auto connection = std::shared_ptr<Connection>(new Connection(loop, std::move(*shared), client),
                                                        [counted](Connection* c) { delete c; });
    loop.connections.insert(connection);
    if (loop.connections.size() == 1) loop.timer.after(kDeadlineTick, [&loop] { look_at_deadlines(loop); });
    connection->start();
  });
}

void Server::set_options(const HttpOptions& options) {
  for (auto& loop : impl_->loops) loop->events.post([&loop = *loop, options] { loop.options = options; });
}

Result<void> Server::reopen_log() { return impl_->log->reopen(); }

void Server::stop(std::chrono::milliseconds grace) {
  if (impl_->acceptor) {
    boost::system::error_code ignored;
    impl_->acceptor->close(ignored);
  }
  for (auto& loop : impl_->loops) {
    loop->events.post([&loop = *loop] {
      const std::vector<std::shared_ptr<Connection>> all(loop.connections.begin(), loop.connections.end());
      for (const auto& connection : all) connection->finish();
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + grace;
  while (impl_->connections > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t left = impl_->loops.size();
  for (auto& loop : impl_->loops) {
    loop->events.post([&, &target = *loop] {
      const std::vector<std::shared_ptr<Connection>> all(target.connections.begin(),
                                                         target.connections.end());
      for (const auto& connection : all) connection->close();
      const std::lock_guard lock(mutex);
      --left;
      changed.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return left == 0; });
}

HttpTotals Server::totals() const {
  HttpTotals totals;
  for (const auto& loop : impl_->loops) loop->counters.add_to(totals.answers);
  totals.refused = impl_->refused;
  totals.connections = impl_->connections;
  return totals;
}

std::vector<EventLoop*> Server::loops() const {
  std::vector<EventLoop*> loops;
  for (const auto& loop : impl_->loops) loops.push_back(&loop->events);
  return loops;
}

}  // namespace camctl::apps::serve
