// Who may read a file.
#pragma once

#include <filesystem>

namespace camctl::os {

// Whether it is a regular file that every user of this host may read, as far as its own mode tells.
bool readable_by_all(const std::filesystem::path& path);

}  // namespace camctl::os
