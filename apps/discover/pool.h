// Many devices at once, one request at a time to each.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "apps/discover/targets.h"
#include "base/result.h"
#include "libonvif/device.h"

namespace camctl::discover {

// What became of one request.
struct Answer {
  Request request;
  Credentials credentials;  // those that it was asked with; chosen by whoever asks
  Result<onvif::DeviceDescription> device = fail(ErrorCode::kCancelled, "not asked");
};

// Threads are started as requests come, `jobs` at most; each blocks in one device at a time.
class Pool {
 public:
  using Ask = std::function<Result<onvif::DeviceDescription>(const Request&, Credentials&)>;
  // `done` is called on a thread of the pool, one call at a time.
  Pool(unsigned jobs, Ask ask, std::function<void(const Answer&)> done);
  ~Pool();  // waits for what is being asked

  void add(Request request);
  // Waits until everything has been asked, or until `stop` and then for what is being asked. The answers are
  // in the order of the requests.
  std::vector<Answer> finish(std::stop_token stop);

 private:
  void work();

  const unsigned jobs_;
  const Ask ask_;
  const std::function<void(const Answer&)> done_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Answer> answers_;  // guarded by mutex_, like all below; elements stay where they are
  std::size_t next_ = 0, busy_ = 0, idle_ = 0;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace camctl::discover
