// Logging for every program: spdlog to stderr, as text or JSON lines, repeats aggregated.
#pragma once

#include <string>
#include <string_view>

#include <spdlog/spdlog.h>

#include "base/result.h"

namespace camctl::log {

struct Options {
  int verbosity = 0;     // -1 quiet (errors only), 0 warnings and notices, 1 -v, 2 -vv
  bool json = false;     // one object a line: time, level, message, and the camera where there is one
  bool color = true;     // where stderr is a terminal
};

// Sets up the process's logger; call once in main before any thread starts.
void init(const Options& options);

// The process's logger. Use SPDLOG-style calls: log::get().info("camera {}: live", id).
// Never pass a Secret; URLs go through Url::to_string().
spdlog::logger& get();

}  // namespace camctl::log
