#include "base/result.h"

#include <array>
#include <cassert>

namespace camctl {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int exit_code;
  int http_status;
};

constexpr std::array kTable = {
    Row{ErrorCode::kUsage, "usage", 2, 400},
    Row{ErrorCode::kConfig, "config", 2, 400},
    Row{ErrorCode::kNotFound, "not_found", 3, 404},
    Row{ErrorCode::kAuth, "auth", 4, 401},
    Row{ErrorCode::kTimeout, "timeout", 124, 504},
    Row{ErrorCode::kNetwork, "network", 1, 502},
    Row{ErrorCode::kProtocol, "protocol", 1, 502},
    Row{ErrorCode::kIo, "io", 1, 500},
    Row{ErrorCode::kUnsupported, "unsupported", 1, 501},
    Row{ErrorCode::kLimit, "limit", 1, 503},
    Row{ErrorCode::kPartial, "partial", 5, 500},
    Row{ErrorCode::kCancelled, "cancelled", 130, 503},
    Row{ErrorCode::kInternal, "internal", 1, 500},
};

const Row& row(ErrorCode code) {
  const auto& found = kTable[static_cast<std::size_t>(code)];
  assert(found.code == code);
  return found;
}

}  // namespace

tl::unexpected<Error> fail(std::string_view doing, Error error) {
  error.message = std::string(doing) + ": " + error.message;
  return tl::unexpected<Error>(std::move(error));
}

std::string_view name(ErrorCode code) { return row(code).name; }
int exit_code(ErrorCode code) { return row(code).exit_code; }
int http_status(ErrorCode code) { return row(code).http_status; }

}  // namespace camctl
