#include "apps/serve/http/finish.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

std::string text_of(const hls::BodyPtr& body) {
  std::string text;
  if (body)
    for (const auto& piece : body->pieces)
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return text;
}

Request get(std::vector<std::pair<std::string, std::string>> headers, Method method = Method::kGet) {
  Request request;
  request.method = method;
  request.headers = std::move(headers);
  return request;
}

Response of(std::string text) {
  auto response = text_response(200, "text/plain", text);
  response.etag = content_etag(text);
  response.ranges = true;
  return response;
}

bool has(const Response& response, std::string_view name, std::string_view value) {
  for (const auto& [n, v] : response.headers)
    if (n == name && v == value) return true;
  return false;
}

TEST_CASE("ranges (RFC 9110 section 14.1.2), of ten bytes") {
  struct Case {
    std::string header;
    RangeVerdict verdict;
    std::size_t first, last;
  };
  using enum RangeVerdict;
  const Case cases[] = {
      {"", kNone, 0, 0},
      {"bytes=0-0", kSatisfiable, 0, 0},
      {"bytes=0-9", kSatisfiable, 0, 9},
      {"Bytes=2-5", kSatisfiable, 2, 5},
      {"bytes=5-", kSatisfiable, 5, 9},
      {"bytes=5-99999", kSatisfiable, 5, 9},
      {"bytes=-3", kSatisfiable, 7, 9},
      {"bytes=-99", kSatisfiable, 0, 9},
      {"bytes=-0", kUnsatisfiable, 0, 0},
      {"bytes=10-", kUnsatisfiable, 0, 0},
      {"bytes=10-20", kUnsatisfiable, 0, 0},
      {"bytes=5-4", kNone, 0, 0},
      {"bytes=-", kNone, 0, 0},
      {"bytes=", kNone, 0, 0},
      {"bytes=a-b", kNone, 0, 0},
      {"bytes=1-2,4-5", kNone, 0, 0},
      {"lines=1-2", kNone, 0, 0},
      {"bytes=1 - 2", kNone, 0, 0},
      {"bytes=99999999999999999999-", kNone, 0, 0},
      {"bytes=+1-2", kNone, 0, 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.header);
    ByteRange range;
    REQUIRE(parse_range(c.header, 10, range) == c.verdict);
    if (c.verdict != kSatisfiable) continue;
    CHECK(range.first == c.first);
    CHECK(range.last == c.last);
  }
  ByteRange range;
  CHECK(parse_range("bytes=0-", 0, range) == kUnsatisfiable);
  CHECK(parse_range("bytes=-1", 0, range) == kUnsatisfiable);
}

TEST_CASE("a slice spans pieces without copying them") {
  const std::string a = "0123", b = "", c = "456789";
  auto body = std::make_shared<hls::Body>();
  for (const auto* piece : {&a, &b, &c}) {
    body->pieces.emplace_back(reinterpret_cast<const std::uint8_t*>(piece->data()), piece->size());
    body->size += piece->size();
  }
  for (std::size_t first = 0; first < 10; ++first) {
    for (std::size_t last = first; last < 10; ++last) {
      const auto part = slice(body, {first, last});
      CHECK(text_of(part) == std::string("0123456789").substr(first, last - first + 1));
      CHECK(part->size == last - first + 1);
      CHECK(part->pieces[0].data() >= reinterpret_cast<const std::uint8_t*>(first < 4 ? a.data() : c.data()));
    }
  }
}

TEST_CASE("conditional requests and ranges are applied to a 200") {
  const auto etag = content_etag("0123456789");
  struct Case {
    std::vector<std::pair<std::string, std::string>> headers;
    int status;
    std::string body;
  };
  const Case cases[] = {
      {{}, 200, "0123456789"},
      {{{"if-none-match", etag}}, 304, ""},
      {{{"if-none-match", "W/" + etag}}, 304, ""},
      {{{"if-none-match", "\"x\", " + etag}}, 304, ""},
      {{{"if-none-match", "*"}}, 304, ""},
      {{{"if-none-match", "\"x\""}}, 200, "0123456789"},
      {{{"if-none-match", etag}, {"range", "bytes=1-2"}}, 304, ""},
      {{{"range", "bytes=1-2"}}, 206, "12"},
      {{{"range", "bytes=1-2"}, {"if-range", etag}}, 206, "12"},
      {{{"range", "bytes=1-2"}, {"if-range", "\"old\""}}, 200, "0123456789"},
      {{{"range", "bytes=1-2"}, {"if-range", "W/" + etag}}, 200, "0123456789"},
  };
  for (const auto& c : cases) {
    auto response = of("0123456789");
    apply_request(get(c.headers), {}, response);
    CHECK(response.status == c.status);
    CHECK(text_of(response.body) == c.body);
  }
  auto response = of("0123456789");
  apply_request(get({{"range", "bytes=20-"}}), {}, response);
  CHECK(response.status == 416);
  CHECK(has(response, "Content-Range", "bytes */10"));
  response = of("0123456789");
  apply_request(get({{"range", "bytes=2-3"}}), {}, response);
  CHECK(has(response, "Content-Range", "bytes 2-3/10"));
  response = error_response(404, "not_found", "no");
  apply_request(get({{"if-none-match", "*"}, {"range", "bytes=0-1"}}), {}, response);
  CHECK(response.status == 404);
}

TEST_CASE("CORS only for the origins of the configuration") {
  struct Case {
    std::vector<std::string> origins;
    std::string origin, allowed;
  };
  const Case cases[] = {
      {{}, "http://a", ""},           {{"http://a"}, "http://a", "http://a"},
      {{"http://a"}, "http://b", ""}, {{"http://a"}, "", ""},
      {{"*"}, "http://b", "*"},       {{"*", "http://a"}, "http://a", "http://a"},
  };
  for (const auto& c : cases) {
    auto response = of("x");
    apply_request(get(c.origin.empty() ? decltype(Request::headers){}
                                       : decltype(Request::headers){{"origin", c.origin}}),
                  c.origins, response);
    std::string allowed;
    for (const auto& [name, value] : response.headers)
      if (name == "Access-Control-Allow-Origin") allowed = value;
    CHECK(allowed == c.allowed);
    CHECK(has(response, "Vary", "Origin") == !c.origins.empty());
  }
}

TEST_CASE("heads") {
  auto response = of("12345");
  const auto head = head_of(response, true, "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  CHECK(head.find("\r\nContent-Length: 5\r\n") != std::string::npos);
  CHECK(head.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(head.find("Connection") == std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(head_of(response, false, "").find("\r\nConnection: close\r\n") != std::string::npos);
  response.status = 304;
  CHECK(head_of(response, true, "").find("Content-Length") == std::string::npos);
  response = Response{};
  CHECK(head_of(response, true, "").find("\r\nContent-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("dates (RFC 9110 section 5.6.7)") {
  CHECK(http_date(std::chrono::system_clock::from_time_t(784111777)) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace camctl::apps::serve
