#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "apps/serve/auth/links.h"
#include "tests/apps/serve/auth_fixture.h"

namespace camctl::apps::serve::auth {
namespace {

using namespace std::chrono_literals;

const Links::Time kStart = Links::Time{} + 1000h;

TEST_CASE("a link is good for its camera, until its end, whatever else is written") {
  const Folder folder;
  const Users users({entry("anna", "password", true)});
  const auto links = Links::load(folder.path / "link.key").value();
  CHECK_FALSE(std::filesystem::exists(folder.path / "link.key"));  // only once it is needed
  const auto link = links->make(*users.find("anna"), "stream_0", kStart + 1h).value();
  const auto who = links->find(link, users, kStart);
  REQUIRE(who);
  CHECK(who->name == "anna");
  CHECK_FALSE(who->admin);
  CHECK(who->may_see("stream_0"));
  CHECK_FALSE(who->may_see("stream_1"));
  CHECK(links->find(link, users, kStart + 3599s));
  CHECK_FALSE(links->find(link, users, kStart + 1h));
  for (std::size_t i = 0; i < link.size(); ++i) {
    auto changed = link;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(links->find(changed, users, kStart));
    CHECK_FALSE(links->find(link.substr(0, i), users, kStart));
  }
  CHECK_FALSE(links->find(link + "A", users, kStart));
  CHECK_FALSE(links->find("~~~~~~~~", users, kStart));

  struct stat info{};
  REQUIRE(::stat((folder.path / "link.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(Links::load(folder.path / "link.key").value()->find(link, users, kStart));  // after a restart
  const Folder other;
  const auto stranger = Links::load(other.path / "link.key").value();
  CHECK_FALSE(stranger->find(link, users, kStart));
  CHECK(stranger->make(*users.find("anna"), "stream_0", kStart + 1h).value() != link);
  CHECK_FALSE(stranger->find(link, users, kStart));
}

TEST_CASE("a link ends with its user's rights and password") {
  const Folder folder;
  auto anna = entry("anna", "password");
  const auto links = Links::load(folder.path / "link.key").value();
  const auto link = links->make(*Users({anna}).find("anna"), "stream_0", kStart + 1h).value();
  CHECK(links->find(link, Users({anna}), kStart));
  anna.cameras = {"stream_1"};
  CHECK_FALSE(links->find(link, Users({anna}), kStart));
  CHECK_FALSE(links->find(link, Users({entry("anna", "password")}), kStart));  // another salt
  CHECK_FALSE(links->find(link, Users({entry("bert", "password")}), kStart));
}

TEST_CASE("a file that is no key is left alone") {
  const Folder folder;
  std::ofstream(folder.path / "link.key") << "short";
  CHECK(Links::load(folder.path / "link.key").error().code == ErrorCode::kConfig);
}

}  // namespace
}  // namespace camctl::apps::serve::auth
