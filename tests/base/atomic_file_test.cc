#include "base/atomic_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>

using namespace camctl;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "camctl-test-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { fs::remove_all(path); }
};

unsigned mode(const fs::path& path) {
  struct stat info{};
  stat(path.c_str(), &info);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("a written file has its content and mode, and leaves no temporary file behind") {
  const TemporaryFolder folder;
  const auto file = folder.path / "cameras.json";
  REQUIRE(write_file_atomically(file, "one"));
  CHECK(read_file(file, 100) == "one");
  CHECK(mode(file) == 0644);
  REQUIRE(write_file_atomically(file, "two", {.mode = 0600, .sync = false}));
  CHECK(read_file(file, 100) == "two");
  CHECK(mode(file) == 0600);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a linked file stays a link") {
  const TemporaryFolder folder;
  REQUIRE(write_file_atomically(folder.path / "real", "old"));
  fs::create_symlink("real", folder.path / "link");
  REQUIRE(write_file_atomically(folder.path / "link", "new"));
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(read_file(folder.path / "real", 100) == "new");
}

TEST_CASE("failures name the file and the reason, and keep the old content") {
  const TemporaryFolder folder;
  const auto missing = read_file(folder.path / "none", 10);
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(missing.error().message.find("none: No such file") != std::string::npos);

  const auto file = folder.path / "big";
  REQUIRE(write_file_atomically(file, std::string(100'000, 'x')));
  CHECK(read_file(file, 100'000)->size() == 100'000);
  CHECK(read_file(file, 99'999).error().code == ErrorCode::kLimit);
  CHECK(read_file(folder.path, 10).error().code == ErrorCode::kIo);  // a folder

  const auto nowhere = write_file_atomically(folder.path / "no" / "folder", "x");
  REQUIRE(!nowhere);
  CHECK(nowhere.error().message.find("folder") != std::string::npos);
}
