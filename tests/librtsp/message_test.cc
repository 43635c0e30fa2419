#include "librtsp/message.h"

#include <doctest/doctest.h>

#include <string>

using namespace camctl;
using namespace camctl::rtsp;

namespace {

enum class Outcome { kComplete, kMore, kProtocol, kLimit };

struct Case {
  const char* what;
  std::string text;
  Outcome outcome;
  std::string method_or_reason = {}, target = {};
  int status = 0;
  std::string body = {};
  std::size_t left = 0;  // bytes behind the message
};

const Case kCases[] = {
    {"a request", "OPTIONS rtsp://h/p RTSP/1.0\r\nCSeq: 1\r\n\r\n", Outcome::kComplete, "OPTIONS",
     "rtsp://h/p"},
    {"bare line feeds", "PLAY * RTSP/1.0\nCSeq: 1\n\n", Outcome::kComplete, "PLAY", "*"},
    {"empty lines before it", "\r\n\r\nPLAY * RTSP/1.0\r\n\r\n", Outcome::kComplete, "PLAY", "*"},
    {"a response", "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n\r\n", Outcome::kComplete, "Unauthorized", "",
     401},
    {"a response without reason", "RTSP/1.0 200\r\n\r\n", Outcome::kComplete, "", "", 200},
    {"an HTTP answer", "HTTP/1.1 400 Bad Request\r\n\r\n", Outcome::kComplete, "Bad Request", "", 400},
    {"a body, and more behind it", "RTSP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc$", Outcome::kComplete,
     "OK", "", 200, "abc", 1},
    {"a line without colon", "PLAY * RTSP/1.0\r\nnonsense\r\nCSeq: 1\r\n\r\n", Outcome::kComplete, "PLAY",
     "*"},
    {"version 1.1", "PLAY * RTSP/1.1\r\n\r\n", Outcome::kComplete, "PLAY", "*"},
    {"a cut header", "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n", Outcome::kMore},
    {"a cut start line", "OPTIO", Outcome::kMore},
    {"a cut body", "RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabc", Outcome::kMore},
    {"no version", "OPTIONS *\r\n\r\n", Outcome::kProtocol},
    {"version 2", "OPTIONS * RTSP/2.0\r\n\r\n", Outcome::kProtocol},
    {"spaces in the target", "OPTIONS a b RTSP/1.0\r\n\r\n", Outcome::kProtocol},
    {"a method with odd letters", "OPT(IONS * RTSP/1.0\r\n\r\n", Outcome::kProtocol},
    {"a status that is none", "RTSP/1.0 abc\r\n\r\n", Outcome::kProtocol},
    {"a status of four digits", "RTSP/1.0 2000 OK\r\n\r\n", Outcome::kProtocol},
    {"a negative length", "RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", Outcome::kProtocol},
    {"a huge length", "RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", Outcome::kLimit},
    {"an endless header", "RTSP/1.0 200 OK\r\nX: " + std::string(kMaxHeaderBytes, 'x'), Outcome::kLimit},
    {"a long header", "RTSP/1.0 200 OK\r\nX: " + std::string(kMaxHeaderBytes, 'x') + "\r\n\r\n",
     Outcome::kLimit},
    {"binary", std::string("\x16\x03\x01\x02\x00\n", 6), Outcome::kProtocol},
};

Outcome outcome_of(const Result<std::size_t>& result) {
  if (!result) return result.error().code == ErrorCode::kLimit ? Outcome::kLimit : Outcome::kProtocol;
  return *result == 0 ? Outcome::kMore : Outcome::kComplete;
}

}  // namespace

TEST_CASE("messages are read whole, or asked for more, or refused") {
  for (const auto& c : kCases) {
    CAPTURE(c.what);
    Message message;
    const auto result = parse_message(c.text, message);
    REQUIRE(outcome_of(result) == c.outcome);
    if (c.outcome != Outcome::kComplete) continue;
    CHECK(c.text.size() - *result == c.left);
    CHECK(message.status == c.status);
    CHECK((message.is_request() ? message.method : message.reason) == c.method_or_reason);
    CHECK(message.target == c.target);
    CHECK(message.body == c.body);
  }
}

TEST_CASE("every proper prefix of a message asks for more") {
  const std::string text = "SETUP rtsp://h/p/track1 RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 2\r\n\r\nab";
  for (std::size_t size = 0; size < text.size(); ++size) {
    Message message;
    const auto result = parse_message(std::string_view(text).substr(0, size), message);
    REQUIRE(result);
    CHECK(*result == 0);
  }
}

TEST_CASE("headers are found whatever their case, folded lines and repetitions too") {
  const std::string text =
      "DESCRIBE rtsp://h/p RTSP/1.0\r\ncseq:  7 \r\nWWW-Authenticate: Digest "
      "realm=\"a\",\r\n\tnonce=\"b\"\r\n"
      "WWW-Authenticate: Basic\r\n\r\n";
  Message message;
  REQUIRE(parse_message(text, message));
  CHECK(message.cseq() == 7);
  CHECK(message.header("www-authenticate") == "Digest realm=\"a\",\r\n\tnonce=\"b\"");
  CHECK(message.headers.size() == 3);
  CHECK(message.header("Session").empty());
}

TEST_CASE("CSeq must be a number") {
  for (const char* value : {"", "x", "1x", "-1", "99999999999"}) {
    CAPTURE(value);
    const auto text = std::string("OPTIONS * RTSP/1.0\r\nCSeq: ") + value + "\r\n\r\n";
    Message message;
    REQUIRE(parse_message(text, message));
    CHECK_FALSE(message.cseq());
  }
}

TEST_CASE("too many headers are refused") {
  std::string text = "OPTIONS * RTSP/1.0\r\n";
  for (std::size_t i = 0; i <= kMaxHeaders; ++i) text += "A: b\r\n";
  Message message;
  CHECK(outcome_of(parse_message(text + "\r\n", message)) == Outcome::kLimit);
}

TEST_CASE("transports") {
  const auto only = [](std::string_view header) {
    const auto transports = parse_transports(header);
    REQUIRE(transports.size() == 1);
    return transports.front();
  };
  const auto tcp = only("RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1234ABCD");
  CHECK(tcp.tcp);
  CHECK_FALSE(tcp.multicast);
  CHECK(tcp.interleaved == std::pair<std::uint8_t, std::uint8_t>{2, 3});
  CHECK(tcp.ssrc == 0x1234ABCD);
  const auto udp =
      only("rtp/avp ; client_port=5000-5001 ;server_port=6000-6001;source=10.0.0.1;mode=\"PLAY\"");
  CHECK_FALSE(udp.tcp);
  CHECK(udp.client_port == std::pair<std::uint16_t, std::uint16_t>{5000, 5001});
  CHECK(udp.server_port == std::pair<std::uint16_t, std::uint16_t>{6000, 6001});
  CHECK(udp.source == "10.0.0.1");
  CHECK(only("RTP/AVP/UDP;multicast").multicast);
  CHECK(only("RTP/AVP;client_port=5000").client_port == std::pair<std::uint16_t, std::uint16_t>{5000, 5001});
  CHECK_FALSE(only("RTP/AVP/TCP;interleaved=256-257").interleaved);
  CHECK_FALSE(only("RTP/AVP;client_port=x").client_port);
  CHECK(parse_transports("MP2T/TCP,RAW/RAW/UDP;unicast,,;").empty());
  CHECK(parse_transports("RTP/AVP;client_port=1-2,RTP/AVP/TCP").size() == 2);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "RTP/AVP,";
  CHECK(parse_transports(many).size() == kMaxTransports);
}
