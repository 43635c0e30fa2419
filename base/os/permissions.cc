#include "base/os/permissions.h"

#include <sys/stat.h>

namespace camctl::os {

bool readable_by_all(const std::filesystem::path& path) {
  struct stat state{};
  return stat(path.c_str(), &state) == 0 && S_ISREG(state.st_mode) && (state.st_mode & S_IROTH) != 0;
}

}  // namespace camctl::os
