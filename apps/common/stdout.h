// Writing to standard output what is no record.
#pragma once

#include <string_view>

#include "base/result.h"

namespace camctl::apps {

// Writes and flushes. kCancelled on a closed pipe, kIo if it failed otherwise.
Result<void> print_bytes(std::string_view bytes);

// What errno (0: none) means to whoever wrote to standard output; the same errors.
Result<void> written(int error);

}  // namespace camctl::apps
