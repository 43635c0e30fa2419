#include "apps/common/password_hash.h"

#include <doctest/doctest.h>

namespace camctl::apps {
namespace {

constexpr HashCost kCheap{.memory_kib = 8, .passes = 1};

TEST_CASE("a password fits its own hash only") {
  const Secret password("correct horse battery staple");
  const auto hash = hash_password(password, kCheap);
  REQUIRE(hash);
  CHECK(hash->starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
  CHECK(is_password_hash(*hash));
  CHECK(verify_password(password, *hash));
  CHECK_FALSE(verify_password(Secret("correct horse battery stapler"), *hash));
  CHECK_FALSE(verify_password(Secret(""), *hash));
  CHECK(*hash_password(password, kCheap) != *hash);  // another salt
}

// Made by Debian's argon2(1): echo -n password | argon2 somesaltsomesalt -id -t 3 -k 65536 -p 1 -l 32
TEST_CASE("a hash made elsewhere fits") {
  const std::string hash =
      "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b/dWRWJTmaaJObG8nR0nuFnFpA";
  CHECK(is_password_hash(hash));
}

TEST_CASE("what is no bearable argon2id hash is refused without being computed") {
  const std::string tail = "$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b/dWRWJTmaaJObG8nR0nuFnFpA";
  CHECK(is_password_hash("$argon2id$v=19$m=8,t=1,p=1" + tail));
  for (const auto* head :
       {"$argon2i$v=19$m=8,t=1,p=1", "$argon2d$v=19$m=8,t=1,p=1", "$argon2id$v=16$m=8,t=1,p=1",
        "$argon2id$m=8,t=1,p=1", "$argon2id$v=19$m=999999999,t=1,p=1", "$argon2id$v=19$m=99999999999,t=1,p=1",
        "$argon2id$v=19$m=8,t=0,p=1", "$argon2id$v=19$m=8,t=17,p=1", "$argon2id$v=19$m=8,t=1,p=0",
        "$argon2id$v=19$m=8,t=1,p=2", "$argon2id$v=19$m=65536,t=1,p=17", "$argon2id$v=19$m=-8,t=1,p=1",
        "$argon2id$v=19$t=1,m=8,p=1", "$argon2id$v=19$m=8,t=1", "", "$2y$10$abc", "password"}) {
    CAPTURE(head);
    CHECK_FALSE(is_password_hash(head + tail));
    CHECK_FALSE(verify_password(Secret("x"), head + tail));
  }
  CHECK_FALSE(is_password_hash("$argon2id$v=19$m=8,t=1,p=1$$"));
  CHECK_FALSE(is_password_hash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$short"));
  CHECK_FALSE(is_password_hash("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA"));
  CHECK_FALSE(is_password_hash("$argon2id$v=19$m=8,t=1,p=1" + tail + std::string(kMaxPasswordHash, 'A')));
}

}  // namespace
}  // namespace camctl::apps
