// Where the program keeps what must outlive it and is no configuration.
#pragma once

#include <filesystem>

#include "apps/common/config.h"

namespace camctl::apps::serve {

// `state_dir` of the configuration, else systemd's StateDirectory, else the user's state folder (XDG), else
// /var/lib/camctl. Made by whoever writes there.
std::filesystem::path state_folder(const Settings& settings);

}  // namespace camctl::apps::serve
