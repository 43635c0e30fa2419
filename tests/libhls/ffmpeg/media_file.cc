#include "tests/libhls/ffmpeg/media_file.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cstdlib>
#include <stdexcept>

namespace camctl::tests {

MediaFolder::MediaFolder() {
  auto name = (std::filesystem::temp_directory_path() / "camctl-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

MediaFolder::~MediaFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string MediaFolder::make(std::string_view name, std::string_view arguments) const {
  auto file = (path_ / name).string();
  const auto command = fmt::format("ffmpeg -nostdin -v error -y {} {}", arguments, file);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  return file;
}

std::string picture(double seconds) {
  return fmt::format("-f lavfi -i testsrc2=size=160x120:rate=25:duration={}", seconds);
}

std::string tone(double seconds, unsigned sample_rate) {
  return fmt::format("-f lavfi -i sine=frequency=440:sample_rate={}:duration={}", sample_rate, seconds);
}

}  // namespace camctl::tests
