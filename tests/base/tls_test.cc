#include "base/tls.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <csignal>
#include <string>
#include <vector>

#include "base/os/fd.h"

using namespace camctl;
using tls::Need;

namespace {

// Both ends of a connection, on this thread.
struct Pair {
  std::shared_ptr<const tls::Context> server_context = *tls::Context::self_signed("camera");
  os::Fd client_fd, server_fd;
  std::unique_ptr<tls::Session> client, server;

  Pair() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    client_fd = os::Fd(ends[0]);
    server_fd = os::Fd(ends[1]);
    client = *tls::Session::client(*tls::Context::client(), ends[0], "camera.example");
    server = *tls::Session::server(server_context, ends[1]);
  }

  void shake_hands() {
    for (int i = 0; i < 10; ++i) {
      const auto a = client->handshake(), b = server->handshake();
      REQUIRE(a);
      REQUIRE(b);
      if (*a == Need::kNone && *b == Need::kNone) return;
    }
    FAIL("no end of the handshake");
  }
};

std::vector<std::uint8_t> pattern(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

}  // namespace

TEST_CASE("a pin is read in the forms that people have, and written in one") {
  const std::string hex = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
  std::string colons;
  for (std::size_t i = 0; i < hex.size(); i += 2) colons += (i ? ":" : "") + hex.substr(i, 2);
  const auto pin = tls::KeyPin::parse(hex);
  REQUIRE(pin);
  CHECK(pin->to_string() == "sha256//ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=");
  CHECK(*tls::KeyPin::parse(colons) == *pin);
  CHECK(*tls::KeyPin::parse(pin->to_string()) == *pin);
  for (const auto* wrong : {"", "sha256//", "sha256//AAAA", "1234", "sha256//*", "sha1//ABEiM0Q=",
                            "zz112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"}) {
    CAPTURE(wrong);
    CHECK(!tls::KeyPin::parse(wrong));
  }
}

TEST_CASE("each server has a key of its own, and shows it") {
  Pair pair;
  pair.shake_hands();
  CHECK(*pair.client->peer_pin() == pair.server_context->pin());
  CHECK(Pair().server_context->pin() != pair.server_context->pin());
}

TEST_CASE("bytes arrive whole and in order, however little the socket takes at once") {
  Pair pair;
  pair.shake_hands();
  const auto sent = pattern(3'000'000);
  std::vector<std::uint8_t> received, buffer(100'000);
  std::size_t position = 0;
  bool waited = false;
  for (int i = 0; i < 10'000 && received.size() < sent.size(); ++i) {
    // In two parts, which meet inside a record.
    const auto half = (sent.size() - position) / 3;
    const iovec parts[] = {
        {const_cast<std::uint8_t*>(sent.data()) + position, half},
        {const_cast<std::uint8_t*>(sent.data()) + position + half, sent.size() - position - half}};
    const auto written = pair.server->write(parts);
    REQUIRE(written);
    position += written->bytes;
    waited |= written->need == Need::kWrite;
    const auto read = pair.client->read(buffer);
    REQUIRE(read);
    CHECK(!read->closed);
    received.insert(received.end(), buffer.begin(),
                    buffer.begin() + static_cast<std::ptrdiff_t>(read->bytes));
  }
  CHECK(waited);
  CHECK(received == sent);
}

TEST_CASE("nothing stays inside where there was room for a record") {
  Pair pair;
  pair.shake_hands();
  const auto sent = pattern(20'000);  // two records
  const iovec part{const_cast<std::uint8_t*>(sent.data()), sent.size()};
  REQUIRE(pair.server->write({&part, 1})->bytes == sent.size());
  std::vector<std::uint8_t> buffer(tls::Session::kRecord);
  const auto first = pair.client->read(buffer);
  REQUIRE(first);
  CHECK(first->bytes == tls::Session::kRecord);
  CHECK(first->need == Need::kNone);
  char left = 0;  // the second record is still the socket's: a poller sees it
  CHECK(::recv(pair.client_fd.get(), &left, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
  const auto second = pair.client->read(buffer);
  REQUIRE(second);
  CHECK(second->bytes == sent.size() - tls::Session::kRecord);
  const auto third = pair.client->read(buffer);
  REQUIRE(third);
  CHECK(third->bytes == 0);
  CHECK(third->need == Need::kRead);
}

TEST_CASE("an end, and what is no TLS") {
  SUBCASE("a peer that closes without a word") {
    Pair pair;
    pair.shake_hands();
    pair.server_fd.reset();
    std::vector<std::uint8_t> buffer(tls::Session::kRecord);
    const auto end = pair.client->read(buffer);
    REQUIRE(end);
    CHECK(end->closed);
    CHECK(end->bytes == 0);
  }
  SUBCASE("a server without TLS") {
    Pair pair;
    REQUIRE(pair.client->handshake());
    const std::string text = "RTSP/1.0 400 Bad Request\r\n\r\n";
    REQUIRE(::send(pair.server_fd.get(), text.data(), text.size(), 0) > 0);
    const auto refused = pair.client->handshake();
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::kProtocol);
    CHECK(refused.error().message.starts_with("TLS: "));
  }
  SUBCASE("a client without TLS") {
    Pair pair;
    const std::string text = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    REQUIRE(::send(pair.client_fd.get(), text.data(), text.size(), 0) > 0);
    CHECK(!pair.server->handshake());
  }
}
