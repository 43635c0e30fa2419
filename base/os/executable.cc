#include "base/os/executable.h"

#ifdef __APPLE__
#include <mach-o/dyld.h>

#include <cstdint>
#include <string>
#endif

namespace camctl::os {

Result<std::filesystem::path> executable_path() {
  std::error_code error;
#ifdef __APPLE__
  std::uint32_t size = 0;
  _NSGetExecutablePath(nullptr, &size);
  std::string buffer(size, '\0');
  _NSGetExecutablePath(buffer.data(), &size);
  std::filesystem::path path = std::filesystem::canonical(buffer.c_str(), error);
#else
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
#endif
  if (error) return fail(ErrorCode::kIo, "finding this program's own path: " + error.message());
  return path;
}

}  // namespace camctl::os
