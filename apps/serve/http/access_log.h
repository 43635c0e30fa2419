// The access log, in the combined format that log analysers read.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "apps/serve/http/message.h"
#include "base/result.h"

namespace camctl::apps::serve {

// One line without its end: client - user [time] "request" status bytes "referer" "user agent". Quotes,
// backslashes and control characters of the client are written as \xHH, passwords in URLs and the
// tokens of signed addresses as ***.
std::string access_line(const Request& request, int status, std::uint64_t bytes,
                        std::chrono::system_clock::time_point time);

// Thread-safe.
class AccessLog {
 public:
  // To a file, to stderr ("-"), or, where `path` is empty, to the program's log at -v. kIo.
  static Result<std::unique_ptr<AccessLog>> open(const std::string& path);
  ~AccessLog();

  // Opens the file again, for log rotation. On failure the old one stays in use.
  Result<void> reopen();
  // False: nobody would see a line, don't make one.
  bool wanted() const;
  void write(std::string line);

 private:
  AccessLog() = default;
  std::string path_;
  mutable std::mutex mutex_;
  int fd_ = -1;
};

}  // namespace camctl::apps::serve
