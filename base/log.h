// Logging for every program: spdlog to stderr, as text or JSON lines.
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace camctl::log {

struct Options {
  int verbosity = 0;  // -1 quiet (errors only), 0 notices and above, 1 -v (debug), 2 -vv (trace)
  bool json = false;  // one object a line: time, level, message
  bool color = true;  // where stderr is a terminal
};

// Sets up the process's logger; call once in main before any thread starts.
void init(const Options& options);

// How a line looks: time (UTC), level and the message with its control characters escaped.
std::unique_ptr<spdlog::formatter> formatter(bool json);

// The process's logger. Use SPDLOG-style calls: log::get().info("camera {}: live", id).
// Never pass a Secret; URLs go through Url::to_string().
spdlog::logger& get();

}  // namespace camctl::log
