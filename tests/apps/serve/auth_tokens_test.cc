#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "apps/serve/auth/tokens.h"
#include "base/atomic_file.h"
#include "tests/apps/serve/auth_fixture.h"

namespace camctl::apps::serve::auth {
namespace {

using namespace std::chrono_literals;

const Tokens::Time kStart = Tokens::Time{} + 1h;

Tokens::Token wanted(std::string name, std::string by = "anna") {
  Tokens::Token token;
  token.name = std::move(name);
  token.by = std::move(by);
  return token;
}

TEST_CASE("a token is kept as a hash, found by its secret, and gone when it is revoked") {
  const Folder folder;
  const auto file = folder.path / "state" / "tokens.json";
  const Users users({entry("anna", "password", true)});
  auto tokens = Tokens::load(file).value();
  CHECK(tokens->all().empty());
  auto made = tokens->add(wanted("grafana"), kStart);
  REQUIRE_MESSAGE(made, made.error().message);
  CHECK(made->secret.starts_with("camctl_"));
  struct stat info{};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(read_file(file, 10'000)->find(made->secret.substr(7)) == std::string::npos);

  const auto again = Tokens::load(file).value();  // after a restart
  const auto who = again->find(made->secret, users, kStart + 24h);
  REQUIRE(who);
  CHECK(who->name == "token:grafana");
  CHECK_FALSE(who->admin);
  CHECK(who->may_see("any"));
  for (const auto& bad : {std::string(), std::string("camctl_"), made->secret + "x", made->secret.substr(7)})
    CHECK_FALSE(again->find(bad, users, kStart));

  CHECK(again->remove("nothing").error().code == ErrorCode::kNotFound);
  CHECK(again->remove(made->token.id));
  CHECK_FALSE(again->find(made->secret, users, kStart));
  CHECK(Tokens::load(file).value()->all().empty());
}

TEST_CASE("a token ends with its time and with its maker") {
  const Folder folder;
  auto tokens = Tokens::load(folder.path / "tokens.json").value();
  auto wish = wanted("short");
  wish.admin = true;
  wish.expires = std::chrono::floor<std::chrono::seconds>(kStart.time_since_epoch()) + 60s;
  const auto secret = tokens->add(wish, kStart)->secret;
  const Users users({entry("anna", "password", true)});
  CHECK(tokens->find(secret, users, kStart + 59s)->admin);
  CHECK_FALSE(tokens->find(secret, users, kStart + 60s));
  CHECK_FALSE(tokens->find(secret, Users({entry("anna", "password", false)}), kStart));
  CHECK_FALSE(tokens->find(secret, Users(), kStart));
  CHECK(tokens->add(wanted("next"), kStart + 1h));
  CHECK(tokens->all().size() == 1);  // what has expired makes room
}

TEST_CASE("a token of some cameras") {
  const Folder folder;
  auto tokens = Tokens::load(folder.path / "tokens.json").value();
  auto wish = wanted("door");
  wish.cameras = {"stream_1"};
  const auto secret = tokens->add(wish, kStart)->secret;
  const auto again = Tokens::load(folder.path / "tokens.json").value();
  const auto who = again->find(secret, Users({entry("anna", "password", true)}), kStart);
  CHECK(who->may_see("stream_1"));
  CHECK_FALSE(who->may_see("stream_0"));
}

TEST_CASE("a broken file is not overwritten, and what can't be kept is not given out") {
  const Folder folder;
  for (const auto* text : {"", "{", "[]", "{\"version\":2,\"tokens\":[]}", "{\"version\":1}",
                           "{\"version\":1,\"tokens\":[{\"id\":7}]}", "{\"version\":1,\"tokens\":[[]]}"}) {
    std::ofstream(folder.path / "tokens.json") << text;
    const auto tokens = Tokens::load(folder.path / "tokens.json");
    REQUIRE_FALSE(tokens);
    CHECK(tokens.error().code == ErrorCode::kConfig);
  }
  std::ofstream(folder.path / "file") << "x";
  auto nowhere = Tokens::load(folder.path / "file" / "tokens.json");
  if (nowhere) CHECK((*nowhere)->add(wanted("x"), kStart).error().code == ErrorCode::kIo);
}

TEST_CASE("there are only so many") {
  const Folder folder;
  auto tokens = Tokens::load(folder.path / "tokens.json").value();
  std::string text = "{\"version\":1,\"tokens\":[";
  for (std::size_t i = 0; i < Tokens::kMost; ++i)
    text += std::string(i ? "," : "") + "{\"id\":\"" + std::to_string(i) +
            "\",\"name\":\"n\",\"by\":\"anna\",\"admin\":false,\"created\":0,\"hash\":\"h\"}";
  std::ofstream(folder.path / "tokens.json") << text + "]}";
  auto full = Tokens::load(folder.path / "tokens.json").value();
  CHECK(full->add(wanted("x"), kStart).error().code == ErrorCode::kLimit);
}

}  // namespace
}  // namespace camctl::apps::serve::auth
