// Which accounts devices have refused: cameras lock accounts after some five refusals (quirk 57).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>

#include "apps/device/device.h"
#include "base/result.h"

namespace camctl::apps::serve {

// Of ONVIF; receiving has its own (SourceGate), since many cameras have users of their own for each.
// Thread-safe.
class Refusals {
 public:
  using Clock = std::chrono::steady_clock;

  // So long nobody tries them again.
  static constexpr std::chrono::minutes kRefused{5};

  // kAuth while this device is known to refuse these credentials.
  Result<void> check(const device::Device& device, Clock::time_point now) const;
  void add(const device::Device& device, Clock::time_point now);
  // Somebody has changed something: all may try again.
  void forget();

 private:
  static std::uint64_t account_of(const device::Device& device);

  mutable std::mutex mutex_;
  std::map<std::uint64_t, Clock::time_point>
      until_;  // guarded by mutex_; one for each user and device refused
};

}  // namespace camctl::apps::serve
