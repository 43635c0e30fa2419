// The cameras of serve as ONVIF devices: a line of calls to each, on a few threads.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "apps/serve/devices/device_line.h"
#include "apps/serve/devices/device_pool.h"
#include "apps/serve/devices/refusals.h"

namespace camctl::apps::serve {

// Thread-safe.
class DeviceControl {
 public:
  explicit DeviceControl(Refusals& refusals) : refusals_(refusals) {}

  // The line to a camera. A camera that is found elsewhere, or gets other credentials, gets another line.
  DeviceLinePtr line(const device::Device& device);

  // Begins to stop the cameras that we have moved; nothing more is asked.
  void end();
  // Behind end(). False: a camera does not answer until `deadline`, and the destructor would hang.
  bool stop(std::chrono::steady_clock::time_point deadline);

 private:
  Refusals& refusals_;
  DevicePool pool_;
  std::mutex mutex_;
  std::map<std::string, DeviceLinePtr> lines_;  // by camera id; guarded by mutex_
  bool ended_ = false;                          // guarded by mutex_
};

// Whether both are asked at the same place in the same way.
bool same_access(const device::Device& a, const device::Device& b);

}  // namespace camctl::apps::serve
