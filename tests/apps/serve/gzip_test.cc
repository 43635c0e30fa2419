#include "apps/serve/http/gzip.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

TEST_CASE("which Accept-Encoding allows gzip") {
  for (const auto* yes : {"gzip", "GZIP", "x-gzip", "br, gzip", "gzip;q=0.5", "deflate, gzip ; q=1.000, br",
                          "*", "identity, *;q=0.1"}) {
    CAPTURE(yes);
    CHECK(accepts_gzip(yes));
  }
  for (const auto* no :
       {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "gzipped"}) {
    CAPTURE(no);
    CHECK_FALSE(accepts_gzip(no));
  }
}

TEST_CASE("a text as gzip") {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "#EXT-X-PART:DURATION=0.20000,URI=\"part7." + std::to_string(i) + ".m4s\"\n";
  const auto packed = gzip(text);
  REQUIRE(packed.size() > 18);
  CHECK(packed.size() < text.size() / 5);
  CHECK(packed.substr(0, 3) == "\x1f\x8b\x08");  // RFC 1952 §2.3.1
  // ISIZE, least significant byte first.
  CHECK(static_cast<unsigned char>(packed[packed.size() - 4]) +
            256u * static_cast<unsigned char>(packed[packed.size() - 3]) ==
        text.size());
  CHECK_FALSE(gzip("").empty());
}

}  // namespace
}  // namespace camctl::apps::serve
