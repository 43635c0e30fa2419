#include <doctest/doctest.h>

#include "apps/serve/auth/sessions.h"
#include "tests/apps/serve/auth_fixture.h"

namespace camctl::apps::serve::auth {
namespace {

using namespace std::chrono_literals;

const Sessions::Clock::time_point kStart = Sessions::Clock::time_point{} + 1h;

TEST_CASE("a session is its user's until it ends") {
  const auto anna = entry("anna", "password"), bert = entry("bert", "password");
  const Users users({anna, bert});
  Sessions sessions;
  const auto token = sessions.open(*users.find("anna"), kStart);
  CHECK(token.size() == 43);
  CHECK(sessions.open(*users.find("anna"), kStart) != token);
  REQUIRE(sessions.find(token, users, kStart));
  CHECK(sessions.find(token, users, kStart)->name == "anna");
  CHECK_FALSE(sessions.find("", users, kStart));
  CHECK_FALSE(sessions.find(token + "x", users, kStart));
  sessions.close(token);
  CHECK_FALSE(sessions.find(token, users, kStart));
}

TEST_CASE("a session ends with its user, the password, a week without use, a month") {
  const auto anna = entry("anna", "password");
  const Users users({anna}), without, changed({entry("anna", "password")});  // another salt
  Sessions sessions;
  const auto* user = users.find("anna");
  const auto gone = sessions.open(*user, kStart);
  CHECK_FALSE(sessions.find(gone, without, kStart));
  CHECK_FALSE(sessions.find(gone, users, kStart));  // also when the user comes back
  CHECK_FALSE(sessions.find(sessions.open(*user, kStart), changed, kStart));
  CHECK_FALSE(sessions.find(sessions.open(*user, kStart), users, kStart + Sessions::kIdle));
  const auto used = sessions.open(*user, kStart);
  for (auto day = kStart; day < kStart + Sessions::kLongest; day += 24h)
    CHECK(sessions.find(used, users, day));
  CHECK_FALSE(sessions.find(used, users, kStart + Sessions::kLongest));
}

TEST_CASE("what a user may do follows the configuration") {
  auto anna = entry("anna", "password");
  Sessions sessions;
  const Users before({anna});
  const auto token = sessions.open(*before.find("anna"), kStart);
  anna.admin = true;
  CHECK(sessions.find(token, Users({anna}), kStart)->admin);
}

TEST_CASE("the session that was unused longest makes room") {
  const Users users({entry("anna", "password")});
  Sessions sessions;
  const auto first = sessions.open(*users.find("anna"), kStart);
  const auto second = sessions.open(*users.find("anna"), kStart);
  for (std::size_t i = 2; i < Sessions::kMost; ++i) sessions.open(*users.find("anna"), kStart + 1s);
  CHECK(sessions.find(first, users, kStart + 2s));
  sessions.open(*users.find("anna"), kStart + 3s);
  CHECK(sessions.find(first, users, kStart + 4s));
  CHECK_FALSE(sessions.find(second, users, kStart + 4s));
}

}  // namespace
}  // namespace camctl::apps::serve::auth
