#include "base/text.h"

#include <doctest/doctest.h>

using namespace camctl;

TEST_CASE("trim and split leave nothing but the words") {
  CHECK(text::trim("\r\n a b\t ") == "a b");
  CHECK(text::trim(" \n") == "");
  CHECK(text::split(" a,,b , c", ", ") == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(text::split("", ",").empty());
}

TEST_CASE("case is ignored in ASCII only") {
  CHECK(text::iequals("SHA-256", "sha-256"));
  CHECK(!text::iequals("SHA-256", "sha-25"));
  CHECK(text::lower("ÄB") == "Äb");
}

TEST_CASE("a mistyped word finds its neighbour, a foreign one nothing") {
  const std::vector<std::string_view> words = {"scan", "discover", "stream", "serve", "simulate"};
  CHECK(text::nearest("sacn", words) == "scan");
  CHECK(text::nearest("discovr", words) == "discover");
  CHECK(text::nearest("serv", words) == "serve");
  CHECK(text::nearest("reboot", words) == "");
  CHECK(text::nearest("x", {}) == "");
}
