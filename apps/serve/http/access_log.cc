#include "apps/serve/http/access_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "base/log.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

constexpr std::size_t kMaxField = 1024;  // of what a client can write into one field of a line

// The token of a signed address lets anybody in who reads it.
void redact_link(std::string& address) {
  constexpr std::string_view kLink = "/signed/";
  const auto found = address.find(kLink);
  if (found == address.npos) return;
  const auto begin = found + kLink.size();
  address.replace(begin, std::min(address.find('/', begin), address.size()) - begin, "***");
}

std::string escaped(std::string_view text) {
  if (text.empty()) return "-";
  auto safe = text.find("://") == text.npos ? std::string(text) : redact_urls(text);
  redact_link(safe);
  std::string out;
  for (const char c : std::string_view(safe).substr(0, kMaxField)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\')
      out += fmt::format("\\x{:02X}", byte);
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string access_line(const Request& request, int status, std::uint64_t bytes,
                        std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{} - {} [{:%d/%b/%Y:%H:%M:%S} +0000] \"{} {} HTTP/1.{}\" {} {} \"{}\" \"{}\"",
                     request.client.to_string(), escaped(request.who ? request.who->name : ""), utc,
                     escaped(request.method_text), escaped(request.target), request.http_1_0 ? 0 : 1, status,
                     bytes, escaped(request.header("referer")), escaped(request.header("user-agent")));
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& path) {
  std::unique_ptr<AccessLog> log(new AccessLog);
  log->path_ = path;
  if (path == "-") log->fd_ = STDERR_FILENO;
  if (auto done = log->reopen(); !done) return fail(done.error());
  return log;
}

AccessLog::~AccessLog() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

Result<void> AccessLog::reopen() {
  if (path_.empty() || path_ == "-") return {};
  constexpr int kMode = 0640;
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (fd < 0)
    return fail(ErrorCode::kIo,
                fmt::format("opening the access log {}: {}", path_, std::generic_category().message(errno)));
  const std::lock_guard lock(mutex_);
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
  return {};
}

bool AccessLog::wanted() const { return !path_.empty() || log::get().should_log(spdlog::level::debug); }

void AccessLog::write(std::string line) {
  if (path_.empty()) {
    log::get().debug("{}", line);
    return;
  }
  line += '\n';
  const std::lock_guard lock(mutex_);
  // One write a line, so that lines of several processes don't mix. A full disk must not stop the service.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace camctl::apps::serve
