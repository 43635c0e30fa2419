#include "apps/camctl/commands.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

using namespace camctl::apps;
namespace fs = std::filesystem;

namespace {

// A folder with a few programs, gone at the end.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("camctl-commands-test-" + std::to_string(getpid()));
  Folder() {
    fs::create_directories(path / "camctl-folder");
    for (const char* name : {"camctl-scan", "camctl-foo", "other"}) program(name, fs::perms::owner_all);
    program("camctl-plain", fs::perms::owner_read);
  }
  ~Folder() { fs::remove_all(path); }
  void program(const char* name, fs::perms mode) const {
    std::ofstream(path / name) << "#!/bin/sh\n";
    fs::permissions(path / name, mode);
  }
};

}  // namespace

TEST_CASE("commands are programs called camctl-NAME") {
  const Folder folder;
  const std::vector<fs::path> folders = {folder.path / "missing", folder.path};
  CHECK(find_command("scan", folders) == folder.path / "camctl-scan");
  CHECK(find_command("foo", folders) == folder.path / "camctl-foo");
  for (const char* name : {"", "bar", "plain", "folder", "../camctl-scan", "/scan"}) {
    CAPTURE(name);
    CHECK_FALSE(find_command(name, folders));
  }
}

TEST_CASE("a manual is found beside the program's folder") {
  const Folder folder;
  const auto bin = folder.path / "bin", pages = folder.path / "share/man/man1";
  fs::create_directories(bin);
  fs::create_directories(pages);
  for (const char* name : {"bin/camctl-scan", "bin/camctl-foo", "bin/camctl-bar"})
    folder.program(name, fs::perms::owner_all);
  std::ofstream(pages / "camctl-scan.1") << ".TH";
  std::ofstream(pages / "camctl-foo.1.gz") << "x";
  CHECK(find_manual("scan", {bin}) == pages / "camctl-scan.1");
  CHECK(find_manual("foo", {bin}) == pages / "camctl-foo.1.gz");
  CHECK_FALSE(find_manual("bar", {bin}));
  CHECK_FALSE(find_manual("nothing", {bin}));
}

TEST_CASE("ours come first, then the others'") {
  const Folder folder;
  const auto commands = list_commands({folder.path});
  REQUIRE(commands.size() == 2);
  CHECK(commands[0].name == "scan");
  CHECK_FALSE(commands[0].description.empty());
  CHECK(commands[1].name == "foo");
  CHECK(commands[1].description.empty());
}

TEST_CASE("the executable's own folder goes before PATH") {
  const auto folders = command_folders("/a:/b::/a");
  REQUIRE(folders.size() == 3);
  CHECK(folders[0] == fs::read_symlink("/proc/self/exe").parent_path());
  CHECK(folders[1] == "/a");
  CHECK(folders[2] == "/b");
}

TEST_CASE("completion scripts") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell);
    REQUIRE(script);
    CHECK(script->find("camctl help --names") != std::string_view::npos);
  }
  CHECK_FALSE(completion_script("tcsh"));
}
