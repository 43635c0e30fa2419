#include <doctest/doctest.h>

#include <future>

#include "apps/serve/auth/passwords.h"
#include "tests/apps/serve/auth_fixture.h"

namespace camctl::apps::serve::auth {
namespace {

using namespace std::chrono_literals;
using Verdict = Passwords::Verdict;

struct Bench {
  UsersPtr users = std::make_shared<Users>(std::vector{entry("anna", "annas password")});
  IpAddress from = IpAddress::parse("192.0.2.1").value();
  Passwords passwords;

  // The verdict, and whether it had to be computed.
  std::pair<Verdict, bool> ask(const std::string& name, const std::string& password,
                               Passwords::Clock::duration later = 0s) {
    const auto later_answer = std::make_shared<std::promise<Passwords::Answer>>();
    const auto at_once =
        passwords.check(users, name, Secret(password), from, Passwords::Clock::now() + later,
                        [later_answer](const Passwords::Answer& answer) { later_answer->set_value(answer); });
    const auto answer = at_once ? *at_once : later_answer->get_future().get();
    CHECK(answer.user.has_value() == (answer.verdict == Verdict::kRight));
    return {answer.verdict, !at_once};
  }
};

TEST_CASE("what was right or wrong is remembered for five minutes") {
  Bench bench;
  CHECK(bench.ask("anna", "annas password") == std::pair(Verdict::kRight, true));
  CHECK(bench.ask("anna", "annas password") == std::pair(Verdict::kRight, false));
  CHECK(bench.ask("anna", "another") == std::pair(Verdict::kWrong, true));
  for (int i = 0; i < 100; ++i)  // a player with an old password
    CHECK(bench.ask("anna", "another") == std::pair(Verdict::kWrong, false));
  CHECK(bench.ask("bert", "annas password") == std::pair(Verdict::kWrong, true));
  CHECK(bench.ask("anna", "annas password", 4min) == std::pair(Verdict::kRight, false));
  CHECK(bench.ask("anna", "annas password", 6min) == std::pair(Verdict::kRight, true));
  CHECK(bench.ask("anna", "another", 6min) == std::pair(Verdict::kWrong, true));
}

TEST_CASE("another password ends what is remembered of the old one") {
  Bench bench;
  CHECK(bench.ask("anna", "annas password").first == Verdict::kRight);
  CHECK(bench.ask("anna", "a new password").first == Verdict::kWrong);
  CHECK(bench.ask("bert", "berts password").first == Verdict::kWrong);
  bench.users =
      std::make_shared<Users>(std::vector{entry("anna", "a new password"), entry("bert", "berts password")});
  CHECK(bench.ask("anna", "annas password") == std::pair(Verdict::kWrong, true));
  CHECK(bench.ask("anna", "a new password") == std::pair(Verdict::kRight, true));
  CHECK(bench.ask("bert", "berts password") == std::pair(Verdict::kRight, true));
  bench.users = std::make_shared<Users>(std::vector{entry("bert", "annas password")});
  CHECK(bench.ask("anna", "a new password") == std::pair(Verdict::kWrong, true));
}

TEST_CASE("guessing ends, also of what others use") {
  Bench bench;
  CHECK(bench.ask("anna", "annas password").first == Verdict::kRight);
  for (int i = 0; i < Attempts::kOfAddress; ++i)
    CHECK(bench.ask("anna", "guess " + std::to_string(i)) == std::pair(Verdict::kWrong, true));
  CHECK(bench.ask("anna", "guess") == std::pair(Verdict::kTooOften, false));
  CHECK(bench.ask("anna", "annas password") == std::pair(Verdict::kTooOften, false));
  CHECK(bench.ask("anna", "guess", 31s) == std::pair(Verdict::kWrong, true));
  bench.from = IpAddress::parse("192.0.2.2").value();
  CHECK(bench.ask("anna", "annas password") == std::pair(Verdict::kRight, true));
}

TEST_CASE("many who ask with the same password are one attempt") {
  Bench bench;
  bench.users = std::make_shared<Users>(std::vector{UserEntry{
      "anna", Secret(hash_password(Secret("slow"), {.memory_kib = 16384, .passes = 2}).value()), false, {}}});
  std::mutex mutex;
  std::condition_variable changed;
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    const auto at_once = bench.passwords.check(bench.users, "anna", Secret("slow"), bench.from,
                                               Passwords::Clock::now(), [&](const Passwords::Answer& answer) {
                                                 const std::lock_guard lock(mutex);
                                                 right += answer.verdict == Verdict::kRight;
                                                 changed.notify_one();
                                               });
    if (!at_once) continue;
    CHECK(at_once->verdict == Verdict::kRight);
    const std::lock_guard lock(mutex);
    ++right;
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return right == 100; });
}

TEST_CASE("after the end all is busy") {
  Bench bench;
  bench.passwords.stop();
  CHECK(bench.ask("anna", "annas password") == std::pair(Verdict::kBusy, false));
}

}  // namespace
}  // namespace camctl::apps::serve::auth
