// Reading requests from standard input, files and arguments.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/discover/targets.h"

namespace camctl::discover {

inline constexpr std::size_t kMaxRequests = 10'000;  // as many as cameras.json holds

// What is wrong with arguments can be said before any device is asked. kUsage; kConfig for a file that is not
// there.
Result<void> check_inputs(const std::vector<std::string>& inputs);

// Calls `found` for each request of each input, as they come: "-" is standard input, an existing file is read
// like it, all else is a host or a URL. `skipped` gets records that cannot be asked. Blocks until the inputs
// end or `stop`. kUsage, kConfig (naming input and line), kIo, kLimit.
Result<void> read_requests(const std::vector<std::string>& inputs, std::stop_token stop,
                           const std::function<void(Request)>& found,
                           const std::function<void(const Error&)>& skipped);

}  // namespace camctl::discover
