#include "apps/serve/http/reader.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

using Status = RequestReader::Status;

// 0: a request; 1: incomplete; else the status that it is refused with.
int outcome(std::string input) {
  RequestReader reader;
  switch (reader.feed(input)) {
    case Status::kDone:
      return 0;
    case Status::kMore:
      return 1;
    case Status::kFailed:
      return reader.error().status;
  }
  return -1;
}

TEST_CASE("a request is the same when it comes byte by byte, empty lines before it too") {
  RequestReader reader;
  std::string input;
  auto status = RequestReader::Status::kMore;
  for (const char c : std::string("\r\n\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")) {
    REQUIRE(status == RequestReader::Status::kMore);
    input += c;
    status = reader.feed(input);
  }
  REQUIRE(status == RequestReader::Status::kDone);
  CHECK(reader.take()->body == "hi");
}

TEST_CASE("requests, good and bad") {
  struct Case {
    std::string input;
    int outcome;
  };
  const std::string h = "Host: a\r\n";
  const Case cases[] = {
      {"GET / HTTP/1.1\r\n" + h + "\r\n", 0},
      {"\r\n\r\nGET / HTTP/1.1\r\n" + h + "\r\n", 0},
      {"GET / HTTP/1.0\r\n\r\n", 0},
      {"BREW /pot HTTP/1.1\r\n" + h + "\r\n", 0},
      {"GET http://a/x HTTP/1.1\r\n" + h + "\r\n", 0},
      {"OPTIONS * HTTP/1.1\r\n" + h + "\r\n", 0},
      {"GET / HTTP/1.1\r\n" + h, 1},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\n\r\nab", 1},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\n\r\nabc", 0},
      {"POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 411},
      {"POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n", 411},
      // Smuggling: two lengths, or one that two parsers read differently.
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 3, 3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: +3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: -3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 0x3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length : 3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\n" + h + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", 411},
      {"POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: gzip\r\n\r\nx\r\n\r\n", 411},
      {"POST / HTTP/1.0\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\n" + h + "\n", 400},
      {"GET / HTTP/1.1\r\nA: b\nc: d\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\n" + h + "\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\n" + h + "\r\n", 400},
      {"GET / HTTP/1.2\r\n" + h + "\r\n", 400},
      {"GET /../etc/passwd HTTP/1.1\r\n" + h + "\r\n", 400},
      {"GET x HTTP/1.1\r\n" + h + "\r\n", 400},
      {"G\x01T / HTTP/1.1\r\n\r\n", 400},
      {std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), 400},
      {"GET / HTTP/1.1\r\n" + h + "A: b\x01\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + h + "A: " + std::string(kMaxHeaderBytes, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(kMaxHeaderBytes, 'x') + " HTTP/1.1\r\n\r\n", 431},
      {"GET /" + std::string(2 * kMaxHeaderBytes, 'x'), 431},
      {"POST / HTTP/1.1\r\n" + h + "Content-Length: 1000000\r\n\r\n", 413},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
  };
  for (const auto& c : cases) {
    CAPTURE(c.input.substr(0, 200));
    CHECK(outcome(c.input) == c.outcome);
  }
}

TEST_CASE("a request comes byte by byte, and the next one behind it") {
  const std::string two =
      "POST /a?b HTTP/1.1\r\nHost: x\r\nX-Thing:  v \r\nContent-Length: 2\r\n\r\nhi"
      "GET /c HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n";
  RequestReader reader;
  std::string input;
  std::vector<std::shared_ptr<Request>> requests;
  std::vector<bool> keep_alive;
  for (const char c : two) {
    input += c;
    const auto status = reader.feed(input);
    REQUIRE(status != Status::kFailed);
    if (status != Status::kDone) continue;
    requests.push_back(reader.take());
    keep_alive.push_back(reader.keep_alive());
  }
  REQUIRE(requests.size() == 2);
  CHECK(requests[0]->method == Method::kPost);
  CHECK(requests[0]->segments == std::vector<std::string>{"a"});
  CHECK(requests[0]->query == "b");
  CHECK(requests[0]->header("x-thing") == "v");
  CHECK(requests[0]->body == "hi");
  CHECK(keep_alive[0]);
  CHECK(requests[1]->target == "/c");
  CHECK(!keep_alive[1]);
  CHECK(input.empty());
}

TEST_CASE("the absolute form's host wins, and 100-continue is asked for once") {
  RequestReader reader;
  std::string input = "GET http://evil.example/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
  REQUIRE(reader.feed(input) == Status::kDone);
  CHECK(reader.take()->header("host") == "evil.example");

  input = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
  REQUIRE(reader.feed(input) == Status::kMore);
  CHECK(reader.wants_continue());
  CHECK(!reader.wants_continue());
  input += "x";
  CHECK(reader.feed(input) == Status::kDone);
}

}  // namespace
}  // namespace camctl::apps::serve
