#include "libonvif/wsse.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {
std::chrono::system_clock::time_point at(std::int64_t unix_ms) {
  return std::chrono::system_clock::time_point{std::chrono::milliseconds{unix_ms}};
}
}  // namespace

TEST_CASE("password digests agree with the vectors of others") {
  struct Vector {
    const char *nonce_base64, *created, *password, *digest;
  };
  // The first is the example of the ONVIF Application Programmer's Guide §6.1.1.3; the second was computed
  // with `printf | openssl sha1 -binary | base64`.
  for (const Vector& v :
       {Vector{"LKqI6G/AikKCQrN0zqZFlg==", "2010-09-16T07:50:45Z", "userpassword",
               "tuOSpGlFlIXsozq4HFNeeGeFLEI="},
        Vector{"bm9uY2U=", "2026-01-01T00:00:00.000Z", "", "8F22GAjkd53mljZvPguE3Wp0BtE="}}) {
    const auto nonce = decode_nonce(v.nonce_base64);
    REQUIRE(nonce);
    CHECK(password_digest(*nonce, v.created, Secret{v.password}) == v.digest);
  }
}

TEST_CASE("base64 both ways") {
  struct Case {
    const char *plain, *coded;
  };
  for (const Case& c : {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
                        Case{"foobar", "Zm9vYmFy"}}) {
    CHECK(base64_encode(c.plain) == c.coded);
    CHECK(decode_nonce(c.coded) == c.plain);
  }
  CHECK(decode_nonce(" Zm 9v\r\n") == "foo");
  for (const char* bad : {"Z", "Zg=", "Z===", "====", "Zm9v!", "Zm=v", "Zm9$"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_nonce(bad));
  }
}

TEST_CASE("Created has milliseconds and a Z") {
  CHECK(format_created(at(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_created(at(1'795'377'949'007)) == "2026-11-22T20:05:49.007Z");
  CHECK(format_created(at(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a header of ours passes the check, and only with the right password and clock") {
  const Credentials user{"ad<min>", Secret{"pass&word"}};
  const auto now = at(1'795'377'949'007);
  for (const auto form : {TokenForm::kDefaultNamespace, TokenForm::kPrefixed}) {
    const std::string header = security_header(user, "0123456789abcdef", now, form);
    CHECK(header.find("pass") == header.find("password-"));  // no password in it
    CHECK(header.find("ad&lt;min&gt;") != std::string::npos);
    CHECK(header.find("mustUnderstand") == std::string::npos);
    CHECK(header.starts_with(form == TokenForm::kPrefixed ? "<wsse:Security " : "<Security "));
  }
  const std::string created = format_created(now);
  const std::string digest = password_digest("nonce", created, user.password);
  const DigestToken good{user.user, digest, "bm9uY2U=", created};
  CHECK(check_token(good, user, now, 5s) == TokenVerdict::kOk);
  CHECK(check_token(good, user, now + 6s, 5s) == TokenVerdict::kStale);
  CHECK(check_token(good, user, now - 6s, 5s) == TokenVerdict::kStale);
  CHECK(check_token(good, {"admin", user.password}, now, 5s) == TokenVerdict::kRefused);
  CHECK(check_token(good, {user.user, Secret{"other"}}, now, 5s) == TokenVerdict::kRefused);
  CHECK(check_token({user.user, digest, "", created}, user, now, 5s) == TokenVerdict::kRefused);
  CHECK(check_token({user.user, digest, "!", created}, user, now, 5s) == TokenVerdict::kRefused);
  CHECK(check_token({user.user, "", "bm9uY2U=", created}, user, now, 5s) == TokenVerdict::kRefused);
}
