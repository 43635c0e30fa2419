// What a fallible function returns, and the one table that maps its errors to exit codes and HTTP statuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace camctl {

// Why something failed, as far as a caller can act on it. The texts belong to Error.
enum class ErrorCode : std::uint8_t {
  kUsage,        // the command line is wrong
  kConfig,       // a configuration, cameras.json or other input file is wrong
  kNotFound,     // nothing by that name, or nothing found at all
  kAuth,         // credentials are needed, or were refused
  kTimeout,      // no answer in time
  kNetwork,      // no connection, or it broke
  kProtocol,     // the peer said something that its protocol does not allow
  kIo,           // a local file, device or system call failed
  kUnsupported,  // understood, but not something we can do
  kLimit,        // a bound of ours was exceeded
  kPartial,      // some of several things failed; the rest is done
  kCancelled,    // stopped by a signal or by the caller
  kInternal,     // our own mistake
};

// A failure in words for a person: what was being done, on what, why it failed, and what to try.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one line, no secret in it, no full stop at its end
  std::string hint;     // what to try; may be empty
};

template <class T = void>
using Result = tl::expected<T, Error>;

// Makes the failing value of any Result<T>: `return fail(ErrorCode::kConfig, "…");`
inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

// Passes an error on: `if (!r) return fail(r.error());`
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// Passes an error on with what was being done in front of it: "reading cameras.json: line 3 …".
tl::unexpected<Error> fail(std::string_view doing, Error error);

// Stable machine-readable name ("auth", "timeout", …) as in the `error.code` of JSON output.
std::string_view name(ErrorCode code);

// The exit code and HTTP status that interface.md promises for each code.
int exit_code(ErrorCode code);
int http_status(ErrorCode code);

}  // namespace camctl
