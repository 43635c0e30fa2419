// Tells a service manager that serve is well: as long as all of its loops answer.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/os/service_manager.h"

namespace camctl::apps::serve {

// All calls on the control loop. `loops` must outlive it, and be joined before the control loop goes.
class ServiceWatch {
 public:
  ServiceWatch(EventLoop& control, std::vector<EventLoop*> loops);
  ~ServiceWatch();

  // It serves; `status` is shown by systemctl. Begins to answer the watchdog.
  void ready(const std::string& status);
  void reloading();
  void stopping();

 private:
  struct Round;  // of questions to all loops
  void ask();
  void look_later();

  EventLoop& control_;
  const std::vector<EventLoop*> loops_;
  const os::ServiceManager manager_;
  Timer timer_;
  std::shared_ptr<Round> round_;
};

}  // namespace camctl::apps::serve
