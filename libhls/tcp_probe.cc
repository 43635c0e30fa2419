#include "libhls/tcp_probe.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

namespace camctl::hls {

namespace asio = boost::asio;

// Shared with the handlers, which may come after the probe is gone.
struct TcpProbe::Attempt : std::enable_shared_from_this<Attempt> {
  explicit Attempt(EventLoop& loop) : resolver(loop.context()), socket(loop.context()), limit(loop) {}

  void finish(bool answered) {
    if (!done) return;
    const auto call = std::exchange(done, nullptr);
    abort();
    call(answered);
  }

  void abort() {
    done = nullptr;
    limit.cancel();
    resolver.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  asio::ip::tcp::resolver resolver;
  asio::ip::tcp::socket socket;
  Timer limit;
  std::function<void(bool)> done;
};

TcpProbe::TcpProbe(EventLoop& loop) : loop_(loop) {}

TcpProbe::~TcpProbe() { cancel(); }

void TcpProbe::cancel() {
  if (attempt_) attempt_->abort();
  attempt_.reset();
}

void TcpProbe::start(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit,
                     std::function<void(bool)> done) {
  cancel();
  const auto attempt = attempt_ = std::make_shared<Attempt>(loop_);
  attempt->done = std::move(done);
  attempt->limit.after(limit, [attempt = attempt.get()] { attempt->finish(false); });
  attempt->resolver.async_resolve(
      host, std::to_string(port), [attempt](boost::system::error_code error, const auto& addresses) {
        if (error || !attempt->done) return attempt->finish(false);
        asio::async_connect(
            attempt->socket, addresses,
            [attempt](boost::system::error_code failed, const auto&) { attempt->finish(!failed); });
      });
}

}  // namespace camctl::hls
