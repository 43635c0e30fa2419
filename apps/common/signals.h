// SIGINT and SIGTERM as a stop token.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>

#include "base/result.h"

namespace camctl::apps {

// While it lives, SIGINT and SIGTERM request a stop, and SIGPIPE and SIGXFSZ are ignored so that writes fail.
// At most one at a time. The second signal, or kStopGrace after the first, ends the process with 130.
class SignalStop {
 public:
  static Result<std::unique_ptr<SignalStop>> install();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  bool stopped() const { return stop_.stop_requested(); }

 private:
  SignalStop() = default;
  void watch();

  std::stop_source stop_;
  int read_fd_ = -1, write_fd_ = -1;
  std::thread watcher_;
};

}  // namespace camctl::apps
