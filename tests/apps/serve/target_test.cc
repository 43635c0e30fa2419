#include "apps/serve/http/target.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

using Segments = std::vector<std::string>;

TEST_CASE("request targets that are taken") {
  struct Case {
    std::string text;
    std::string authority;
    Segments segments;
    std::string query;
  };
  const Case cases[] = {
      {"/", "", {""}, ""},
      {"/api/cameras", "", {"api", "cameras"}, ""},
      {"/api/cameras/", "", {"api", "cameras", ""}, ""},
      {"//", "", {"", ""}, ""},
      {"/a?b=c&d=%20", "", {"a"}, "b=c&d=%20"},
      {"/a?b?c/../d", "", {"a"}, "b?c/../d"},
      {"/h%6Cs/%C3%A4", "", {"hls", "ä"}, ""},
      {"http://host:80/a", "host:80", {"a"}, ""},
      {"HTTP://host", "host", {""}, ""},
      {"https://host?x", "host", {""}, "x"},
      {"*", "", {}, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto target = parse_target(c.text);
    REQUIRE(target);
    CHECK(target->authority == c.authority);
    CHECK(target->segments == c.segments);
    CHECK(target->query == c.query);
  }
}

TEST_CASE("request targets that are refused") {
  const std::string cases[] = {
      "",
      "api",
      "/..",
      "/../etc/passwd",
      "/a/../b",
      "/a/.",
      "/%2e%2e/b",
      "/.%2E/b",
      "/a%2Fb",
      "/a%5cb",
      "/a\\b%",
      "/a%00b",
      "/a%0d%0ab",
      "/a b",
      "/a\tb",
      "/a%",
      "/a%2",
      "/a%zz",
      "/a#b",
      "/\x80",
      "ftp://host/a",
      "http:///a",
      "http://",
      "**",
      "/%7f",
      "host:443",
      "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q",
      std::string("/a\0b", 4),
  };
  for (const auto& text : cases) {
    CAPTURE(text);
    CHECK(!parse_target(text));
  }
}

TEST_CASE("authorities") {
  struct Case {
    std::string text;
    bool ok;
    std::string host, port;
  };
  const Case cases[] = {
      {"localhost", true, "localhost", ""},
      {"LocalHost:8080", true, "localhost", "8080"},
      {"127.0.0.1:80", true, "127.0.0.1", "80"},
      {"[::1]", true, "::1", ""},
      {"[FE80::1]:8080", true, "fe80::1", "8080"},
      {"a.b-c_d.example:", true, "a.b-c_d.example", ""},
      {"", false, "", ""},
      {":80", false, "", ""},
      {"a:b", false, "", ""},
      {"a:123456", false, "", ""},
      {"[::1", false, "", ""},
      {"[::1]x", false, "", ""},
      {"[evil.example]", false, "", ""},
      {"user@host", false, "", ""},
      {"a b", false, "", ""},
      {"a/b", false, "", ""},
      {"a,b", false, "", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto authority = parse_authority(c.text);
    REQUIRE(authority.has_value() == c.ok);
    if (!c.ok) continue;
    CHECK(authority->host == c.host);
    CHECK(authority->port == c.port);
  }
}

TEST_CASE("values of a query") {
  CHECK(query_value("a=1&b=%20x&c", "a") == "1");
  CHECK(query_value("a=1&b=%20x&c", "b") == " x");
  CHECK(query_value("a=1&b=%20x&c", "c").empty());
  CHECK(query_value("a=1", "d").empty());
  CHECK(query_value("", "a").empty());
}

}  // namespace
}  // namespace camctl::apps::serve
