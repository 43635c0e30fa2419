// Where this program lies.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace camctl::os {

// The absolute path of the running executable, symbolic links resolved. kIo.
Result<std::filesystem::path> executable_path();

}  // namespace camctl::os
