#include "apps/discover/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/url.h"

namespace camctl::discover {
namespace {

constexpr int kLookAtStopMs = 200;
constexpr std::string_view kTableTitle = "ADDRESS";  // the first word of what `camctl scan -o table` prints

bool is_file(const std::string& input) {
  std::error_code ignored;
  return std::filesystem::exists(input, ignored) && !std::filesystem::is_directory(input, ignored);
}

// No host has such a name.
bool names_a_file(std::string_view input) {
  if (input.find("://") != input.npos) return false;
  return input.find('/') != input.npos || input.ends_with(".json") || input.ends_with(".jsonl");
}

class Reader {
 public:
  Reader(std::stop_token stop, const std::function<void(Request)>& found,
         const std::function<void(const Error&)>& skipped)
      : stop_(std::move(stop)), found_(found), skipped_(skipped) {}

  Result<void> take(Result<Request> request) {
    if (!request) return fail(request.error());
    if (++count_ > kMaxRequests)
      return fail(ErrorCode::kLimit, fmt::format("more than {} devices to ask", kMaxRequests));
    found_(std::move(*request));
    return {};
  }

  // Records until the end of `fd`; waits for more where it is a pipe.
  Result<void> read_all(int fd) {
    RecordSplitter splitter(
        [this](const nlohmann::json& record) -> Result<void> {
          auto request = request_from_record(record);
          if (!request && request.error().code == ErrorCode::kNotFound) {
            skipped_(request.error());
            return {};
          }
          return take(std::move(request));
        },
        [this, first = true](std::string_view word) mutable -> Result<void> {
          if (std::exchange(first, false) && word == kTableTitle)
            return fail(ErrorCode::kConfig, "this is a table for people", "use camctl scan -o jsonl");
          return take(request_from_text(word));
        });
    std::array<char, 16'384> buffer;
    while (!stop_.stop_requested()) {
      pollfd wait{fd, POLLIN, 0};
      if (poll(&wait, 1, kLookAtStopMs) == 0) continue;
      const ssize_t n = read(fd, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(ErrorCode::kIo, std::generic_category().message(errno));
      if (n == 0) return splitter.finish();
      if (auto fed = splitter.feed({buffer.data(), static_cast<std::size_t>(n)}); !fed) return fed;
    }
    return {};
  }

 private:
  std::stop_token stop_;
  const std::function<void(Request)>& found_;
  const std::function<void(const Error&)>& skipped_;
  std::size_t count_ = 0;
};

Result<void> read_file(Reader& reader, const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(ErrorCode::kConfig, std::generic_category().message(errno));
  auto done = reader.read_all(fd);
  close(fd);
  return done;
}

}  // namespace

Result<void> check_inputs(const std::vector<std::string>& inputs) {
  for (const auto& input : inputs) {
    if (input == "-" || is_file(input)) continue;
    if (names_a_file(input))
      return fail(ErrorCode::kConfig, fmt::format("there is no file {}", redact_urls(input)),
                  "give a file of camctl scan -o jsonl, a host, host:port or http://host/path");
    if (auto request = request_from_text(input); !request) return fail(request.error());
  }
  return {};
}

Result<void> read_requests(const std::vector<std::string>& inputs, std::stop_token stop,
                           const std::function<void(Request)>& found,
                           const std::function<void(const Error&)>& skipped) {
  Reader reader(stop, found, skipped);
  for (const auto& input : inputs) {
    if (input == "-") {
      if (auto done = reader.read_all(STDIN_FILENO); !done)
        return fail("reading standard input", done.error());
    } else if (is_file(input)) {
      if (auto done = read_file(reader, input); !done) return fail("reading " + input, done.error());
    } else if (auto taken = reader.take(request_from_text(input)); !taken) {
      return taken;
    }
  }
  return {};
}

}  // namespace camctl::discover
