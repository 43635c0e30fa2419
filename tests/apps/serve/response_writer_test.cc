#include "apps/serve/http/response_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <string>

#include "apps/serve/http/message.h"

namespace camctl::apps::serve {
namespace {

struct Pair {
  Pair() {
    std::signal(SIGPIPE, SIG_IGN);  // as the programs do
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()) == 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
  // What there is for the peer.
  std::string read() const {
    std::string text;
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::recv(theirs.get(), buffer.data(), buffer.size(), 0)) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
  }
  os::Fd ours, theirs;
};

constexpr int kAsks = 10;  // far more viewers than a file is made for

hls::BodyPtr many_pieces(std::size_t pieces) {
  auto body = std::make_shared<hls::Body>();
  for (std::size_t i = 0; i < pieces; ++i) {
    auto owner = std::make_shared<const std::string>(std::to_string(i) + std::string(i % 3000, ' '));
    body->pieces.emplace_back(reinterpret_cast<const std::uint8_t*>(owner->data()),
                              i % 7 == 0 ? 0 : owner->size());
    body->size += body->pieces.back().size();
    body->owners.push_back(std::move(owner));
  }
  return body;
}

std::string text_of(const hls::Body& body) {
  std::string text;
  for (const auto& piece : body.pieces)
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return text;
}

TEST_CASE("a response arrives whole, from pieces and from a file, however little the socket takes") {
  const auto body = many_pieces(2000);
  SharedFiles files;
  SharedFile file;
  for (int i = 0; i < kAsks && !file; ++i) file = files.request(body, {});
  REQUIRE(file);
  for (const auto& from : {SharedFile{}, file}) {
    const Pair pair;
    Wire wire(pair.ours.get());
    ResponseWriter writer;
    writer.begin("head\r\n\r\n", body, from);
    CHECK(writer.size() == 8 + body->size);
    std::string got;
    unsigned blocked = 0;
    auto status = ResponseWriter::Status::kBlocked;
    while ((status = writer.send(wire)) == ResponseWriter::Status::kBlocked && ++blocked < 1000)
      got += pair.read();
    got += pair.read();
    CHECK(status == ResponseWriter::Status::kDone);
    CHECK(blocked > 1);
    CHECK(writer.body_sent() == body->size);
    CHECK(got == "head\r\n\r\n" + text_of(*body));
  }
}

TEST_CASE("a response without a body is its head, and a peer that left is a failure") {
  Pair pair;
  Wire wire(pair.ours.get());
  ResponseWriter writer;
  writer.begin("head", nullptr, nullptr);
  CHECK(writer.send(wire) == ResponseWriter::Status::kDone);
  CHECK(pair.read() == "head");
  pair.theirs.reset();
  writer.begin("head", nullptr, nullptr);
  CHECK(writer.send(wire) == ResponseWriter::Status::kFailed);
  SharedFiles files;
  const auto body = many_pieces(2000);
  SharedFile file;
  for (int i = 0; i < kAsks && !file; ++i) file = files.request(body, {});
  REQUIRE(file);
  writer.begin({}, body, file);
  CHECK(writer.send(wire) == ResponseWriter::Status::kFailed);
}

}  // namespace
}  // namespace camctl::apps::serve
