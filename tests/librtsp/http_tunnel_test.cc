#include "librtsp/http_tunnel.h"

#include <doctest/doctest.h>

#include "base/base64.h"

using namespace camctl;
using namespace camctl::rtsp;

TEST_CASE("heads of requests and replies") {
  HttpHead head;
  const std::string get = "GET /live HTTP/1.0\r\nHost: a\r\nX-SessionCookie:  abc \r\nno colon\r\n\r\n";
  const std::string more = get + "more";
  CHECK(*parse_http_head(more, head) == get.size());
  CHECK(head.method == "GET");
  CHECK(head.target == "/live");
  CHECK(head.status == 0);
  CHECK(head.header("x-sessioncookie") == "abc");
  CHECK(head.header("cookie").empty());
  CHECK(*parse_http_head("HTTP/1.1 200 OK\r\n\r\n", head) == 19);
  CHECK(head.status == 200);
  for (std::size_t size = 0; size < get.size(); ++size)
    CHECK(*parse_http_head(std::string_view(get).substr(0, size), head) == 0);
}

TEST_CASE("what is no head, or too long") {
  HttpHead head;
  for (const auto* wrong : {"\r\n\r\n", "GET /\r\n\r\n", "GET / RTSP/1.0\r\n\r\n", "HTTP/1.1\r\n\r\n",
                            "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "GET / x HTTP/1.0\r\n\r\n"}) {
    CAPTURE(wrong);
    const auto parsed = parse_http_head(wrong, head);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == ErrorCode::kProtocol);
  }
  CHECK(parse_http_head(std::string(kMaxHttpHead + 1, 'a'), head).error().code == ErrorCode::kLimit);
  std::string many = "GET / HTTP/1.0\r\n";
  for (std::size_t i = 0; i <= kMaxHttpHeaders; ++i) many += "a: b\r\n";
  CHECK(parse_http_head(many + "\r\n", head).error().code == ErrorCode::kLimit);
}

TEST_CASE("base64 cut anywhere, padded in between") {
  const std::string first = "OPTIONS * RTSP/1.0\r\n\r\n", second = "x", third = "yz";
  const auto text = base64_encode(first) + "\r\n" + base64_encode(second) + base64_encode(third);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TunnelDecoder decoder;
    const auto a = decoder.decode(std::string_view(text).substr(0, cut));
    const auto b = decoder.decode(std::string_view(text).substr(cut));
    REQUIRE(a);
    REQUIRE(b);
    CHECK(*a + *b == first + second + third);
  }
  CHECK(!TunnelDecoder().decode("AB*D"));
}
