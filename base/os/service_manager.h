// The protocol between a service and its manager, sd_notify(3). Nothing happens where none is there.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace camctl::os {

// Of this process, by its environment when the object is made. Any thread.
class ServiceManager {
 public:
  ServiceManager();

  // Sends lines of sd_notify(3), such as "READY=1\nSTATUS=…". Never blocks; what can't be sent is lost.
  void notify(std::string_view state) const;
  // How long the manager waits for the next "WATCHDOG=1" before it starts the service anew; nothing: for
  // ever.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  std::string socket_;  // NOTIFY_SOCKET; "" for none
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace camctl::os
