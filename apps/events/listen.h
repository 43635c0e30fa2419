// Listening to one camera or many, a thread each.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "apps/device/device.h"

namespace camctl::events {

struct Options {
  device::DeviceOptions target;
  bool all = false;
  std::string topic;                      // only topics with this text in them
  std::size_t count = 0;                  // end after so many; 0: never
  std::chrono::milliseconds duration{0};  // end after this time; 0: never
};

// Threads that wait in one device each; a thread costs 100 KB.
inline constexpr std::size_t kMaxListened = 1000;

// Prints events until it is stopped, or until count or duration are reached. Fails once no camera is left
// that could say anything: with the error of the only one, or kPartial.
Result<void> listen(const Options& options, const std::vector<device::Device>& devices,
                    apps::Context& context);

}  // namespace camctl::events
