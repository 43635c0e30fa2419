#include "base/os/executable.h"

#include <doctest/doctest.h>

TEST_CASE("this program's own path") {
  const auto path = camctl::os::executable_path();
  REQUIRE(path);
  CHECK(path->is_absolute());
  CHECK(std::filesystem::is_regular_file(*path));
}
