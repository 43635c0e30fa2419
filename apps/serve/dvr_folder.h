// Where --dvr keeps what memory does not hold.
#pragma once

#include <filesystem>

#include "apps/common/config.h"

namespace camctl::apps::serve {

// `dvr_dir`; else below the state folder of the service ($STATE_DIRECTORY, systemd), of the user
// ($XDG_STATE_HOME, ~/.local/state) or of the system. Not below TMPDIR: that may be memory.
std::filesystem::path dvr_folder(const Settings& settings);

}  // namespace camctl::apps::serve
