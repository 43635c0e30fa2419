#include "apps/discover/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace camctl::discover {
namespace {

constexpr int kLookAtStopMs = 200;

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
        [this](std::string_view word) { return take(request_from_text(word)); });
    std::array<char, 16'384> buffer;
    while (!stop_.stop_requested()) {
      pollfd wait{fd, POLLIN, 0};
      if (poll(&wait, 1, kLookAtStopMs) == 0) continue;
      const ssize_t n = read(fd, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(ErrorCode::kIo, std::strerror(errno));
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
  if (fd < 0) return fail(ErrorCode::kConfig, std::strerror(errno));
  auto done = reader.read_all(fd);
  close(fd);
  return done;
}

}  // namespace

Result<void> read_requests(const std::vector<std::string>& inputs, std::stop_token stop,
                           const std::function<void(Request)>& found,
                           const std::function<void(const Error&)>& skipped) {
  Reader reader(stop, found, skipped);
  for (const auto& input : inputs) {
    std::error_code ignored;
    if (input == "-") {
      if (auto done = reader.read_all(STDIN_FILENO); !done)
        return fail("reading standard input", done.error());
    } else if (std::filesystem::is_regular_file(input, ignored)) {
      if (auto done = read_file(reader, input); !done) return fail("reading " + input, done.error());
    } else if (auto taken = reader.take(request_from_text(input)); !taken) {
      return taken;
    }
  }
  return {};
}

}  // namespace camctl::discover
