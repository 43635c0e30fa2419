#include "base/result.h"

#include <doctest/doctest.h>

using namespace camctl;

TEST_CASE("each error code has the exit code and status that interface.md promises") {
  struct Row {
    ErrorCode code;
    std::string_view name;
    int exit_code, http_status;
  };
  const Row rows[] = {
      {ErrorCode::kUsage, "usage", 2, 400},           {ErrorCode::kConfig, "config", 2, 400},
      {ErrorCode::kNotFound, "not_found", 3, 404},    {ErrorCode::kAuth, "auth", 4, 401},
      {ErrorCode::kTimeout, "timeout", 124, 504},     {ErrorCode::kPartial, "partial", 5, 500},
      {ErrorCode::kCancelled, "cancelled", 130, 503}, {ErrorCode::kInternal, "internal", 1, 500},
      {ErrorCode::kNetwork, "network", 1, 502},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(name(row.code) == row.name);
    CHECK(exit_code(row.code) == row.exit_code);
    CHECK(http_status(row.code) == row.http_status);
  }
}

TEST_CASE("context goes before the message and keeps code and hint") {
  const auto inner = Error{ErrorCode::kTimeout, "no answer within 5 s", "is the camera on?"};
  const Error error = fail("asking 192.168.1.2", inner).value();
  CHECK(error.message == "asking 192.168.1.2: no answer within 5 s");
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.hint == "is the camera on?");
}
