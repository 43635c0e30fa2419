#include "librtsp/stream_parser.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace camctl;
using namespace camctl::rtsp;

namespace {

struct Seen final : StreamHandler {
  std::vector<std::string> things;
  void on_frame(std::uint8_t channel, media::ByteView packet) override {
    things.push_back("frame " + std::to_string(channel) + " " + std::string(packet.begin(), packet.end()));
  }
  void on_message(const Message& message) override {
    things.push_back("message " + std::to_string(message.status) + " " + std::string(message.body));
  }
  bool wants_more() const override { return true; }
};

std::string frame(char channel, const std::string& data) {
  return std::string{'$', channel, static_cast<char>(data.size() >> 8), static_cast<char>(data.size())} +
         data;
}

media::ByteView bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Feeds the stream in pieces of `size` bytes, as a socket would.
std::vector<std::string> parse(const std::string& stream, std::size_t size) {
  StreamParser parser;
  Seen seen;
  std::string pending;
  for (std::size_t at = 0; at < stream.size(); at += size) {
    pending += stream.substr(at, size);
    const auto used = parser.consume(bytes(pending), seen);
    REQUIRE(used);
    pending.erase(0, *used);
  }
  CHECK(pending.empty());
  return seen.things;
}

}  // namespace

TEST_CASE("frames and messages are told apart, however the bytes arrive") {
  const std::string stream = frame(0, "abc") + "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 2\r\n\r\nhi" +
                             frame(1, "") + frame(0, std::string(300, 'x')) + "RTSP/1.0 454 No\r\n\r\n";
  const std::vector<std::string> expected = {"frame 0 abc", "message 200 hi", "frame 1 ",
                                             "frame 0 " + std::string(300, 'x'), "message 454 "};
  for (std::size_t size = 1; size <= stream.size(); ++size) CHECK(parse(stream, size) == expected);
}

TEST_CASE("bytes that make no sense are skipped up to the next frame or reply") {
  CHECK(parse("garbage\r\n\r\n" + frame(0, "a"), 1000) == std::vector<std::string>{"frame 0 a"});
  CHECK(parse("xx\n\nRTSP/1.0 200 OK\r\n\r\n", 1000) == std::vector<std::string>{"message 200 "});
}

TEST_CASE("a peer that talks something else is given up") {
  StreamParser parser;
  Seen seen;
  const std::string nonsense = std::string(StreamParser::kMaxGarbage + 1, 'x') + "\n";
  const auto used = parser.consume(bytes(nonsense), seen);
  REQUIRE(!used);
  CHECK(used.error().code == ErrorCode::kProtocol);
}
