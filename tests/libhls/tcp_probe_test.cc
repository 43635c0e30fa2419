#include "libhls/tcp_probe.h"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

std::optional<bool> ask(EventLoop& loop, std::uint16_t port) {
  TcpProbe probe(loop);
  std::optional<bool> answer;
  probe.start("127.0.0.1", port, 2s, [&](bool answered) {
    answer = answered;
    loop.stop();
  });
  loop.run();
  return answer;
}

TEST_CASE("tcp probe: answered, refused, cancelled") {
  EventLoop loop;
  auto listener = std::make_unique<tcp::acceptor>(loop.context(), tcp::endpoint(tcp::v4(), 0));
  const auto port = listener->local_endpoint().port();
  SUBCASE("answered") { CHECK(ask(loop, port) == true); }
  SUBCASE("refused") {
    listener.reset();
    CHECK(ask(loop, port) == false);
  }
  SUBCASE("cancelled") {
    TcpProbe probe(loop);
    bool called = false;
    probe.start("127.0.0.1", port, 2s, [&](bool) { called = true; });
    probe.cancel();
    loop.context().poll();
    CHECK_FALSE(called);
  }
}

}  // namespace
}  // namespace camctl::hls
