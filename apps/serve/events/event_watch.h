// Looks after what happens: notes how cameras are, and listens to those whose events somebody wants.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apps/serve/camera_manager.h"
#include "apps/serve/devices/refusals.h"
#include "apps/serve/events/device_listener.h"
#include "apps/serve/events/event_log.h"
#include "base/event_loop.h"

namespace camctl::apps::serve {

// All but join() on the control loop's thread.
class EventWatch {
 public:
  using Clock = std::chrono::steady_clock;

  // Threads that wait in one device each; more are told that they are too many.
  static constexpr std::size_t kMaxListened = 256;
  // A page that is loaded anew finds its cameras still listened to.
  static constexpr std::chrono::seconds kLinger{5};
  // A device that can't be listened to is asked again so long after that, if somebody still wants it.
  static constexpr std::chrono::minutes kTryAgain{5};

  EventWatch(EventLoop& control, const CameraManager& cameras, Refusals& refusals, EventLog& log)
      : control_(control), cameras_(cameras), refusals_(refusals), log_(log), timer_(control) {}

  // Somebody wants the events of these cameras until the handle goes, which may be after this object.
  // Thread-safe.
  std::shared_ptr<void> join(const EventFilter& cameras);

  // Looks now, and each second from now on.
  void look();
  // Devices that refused or failed may be asked again at once: somebody has changed something.
  void try_failed() { failed_.clear(); }

  // Begins to end all listening.
  void end();
  // Behind end(). False: a device's thread has not ended at `deadline`, and the destructor would hang.
  bool stop(Clock::time_point deadline);

 private:
  // A device's address and user: what one subscription serves.
  struct Wanted {
    device::Device device;
    std::vector<ListenedCamera> cameras;
  };
  using WantedByKey = std::map<std::string, Wanted>;
  struct Listening {
    std::unique_ptr<DeviceListener> listener;
    Clock::time_point wanted_at;
  };
  struct Joined {
    std::mutex mutex;
    std::uint64_t next = 0;
    std::map<std::uint64_t, EventFilter> filters;
  };

  void note_states();
  WantedByKey wanted() const;
  void end_unwanted(const WantedByKey& wanted);
  void begin_wanted(WantedByKey wanted);
  void reap();
  void refuse(const Wanted& wanted);

  EventLoop& control_;
  const CameraManager& cameras_;
  Refusals& refusals_;
  EventLog& log_;
  Timer timer_;
  const std::shared_ptr<Joined> joined_ = std::make_shared<Joined>();
  std::map<std::string, hls::StreamState> states_;   // last noted, by camera
  std::map<std::string, Listening> listening_;       // by key
  std::map<std::string, Clock::time_point> failed_;  // until when, by key
  std::vector<std::unique_ptr<DeviceListener>> ending_;
};

}  // namespace camctl::apps::serve
