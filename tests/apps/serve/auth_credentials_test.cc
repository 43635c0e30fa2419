#include <doctest/doctest.h>

#include "apps/common/config.h"
#include "apps/serve/auth/credentials.h"
#include "base/base64.h"

namespace camctl::apps::serve::auth {
namespace {

TEST_CASE("Basic credentials are taken apart") {
  const auto basic = [](std::string_view text) { return parse_basic("Basic " + base64_encode(text)); };
  REQUIRE(basic("anna:a:b"));
  CHECK(basic("anna:a:b")->name == "anna");
  CHECK(basic("anna:a:b")->password.reveal() == "a:b");
  CHECK(parse_basic("bAsIc   " + base64_encode("a:b"))->name == "a");
  CHECK(basic(":b")->name.empty());
  CHECK(basic(std::string(500, 'x') + ":b")->name.size() == kMaxUserName + 1);
  for (const auto* bad :
       {"", "Basic", "Basic ", "Basic !!!!", "Bearer YTpi", "YTpi", "Digest username=\"a\""})
    CHECK_FALSE(parse_basic(bad));
  CHECK_FALSE(basic("no colon"));
}

TEST_CASE("a cookie is found among others") {
  Request request;
  request.headers = {{"cookie", "a=1; camctl_session=abc ;b=2"}, {"cookie", "c=3"}};
  CHECK(cookie(request, "camctl_session") == "abc");
  CHECK(cookie(request, "a") == "1");
  CHECK(cookie(request, "c") == "3");
  CHECK(cookie(request, "session").empty());
  CHECK(cookie(request, "camctl_session2").empty());
  request.headers = {{"cookie", "camctl_session; =; ;;camctl_session=x=y"}};
  CHECK(cookie(request, "camctl_session") == "x=y");
}

TEST_CASE("a session's cookie stays with us") {
  CHECK(session_cookie("abc", false) ==
        "camctl_session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict");
  CHECK(session_cookie("abc", true).ends_with("; Secure"));
  CHECK(session_cookie("", false).starts_with("camctl_session=; Path=/; Max-Age=0;"));
}

}  // namespace
}  // namespace camctl::apps::serve::auth
