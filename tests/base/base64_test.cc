#include "base/base64.h"

#include <doctest/doctest.h>

using namespace camctl;

namespace {

std::string decoded(std::string_view text) {
  const auto bytes = base64_decode(text);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "error";
}

}  // namespace

TEST_CASE("the vectors of RFC 4648 §10, both ways, with and without padding") {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : rows) {
    CAPTURE(plain);
    CHECK(base64_encode(std::string_view(plain)) == coded);
    CHECK(decoded(coded) == plain);
    std::string bare = coded;
    std::erase(bare, '=');
    CHECK(decoded(bare) == plain);
  }
}

TEST_CASE("white space is skipped, anything else is an error") {
  CHECK(decoded(" Zm\r\n9v ") == "foo");
  CHECK(decoded("Zm9v!") == "error");
  CHECK(decoded("Z") == "error");
  CHECK(decoded("Zg==Zg==") == "error");
}
