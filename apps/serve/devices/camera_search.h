// Looks for cameras that are away: one that got a new address is found by who it is.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "apps/serve/camera_manager.h"
#include "apps/serve/devices/refusals.h"
#include "base/event_loop.h"
#include "libonvif/discovery.h"

namespace camctl::apps::serve {

// All calls on the control loop's thread. A search is one probe of the network for all cameras that are away
// (WS-Discovery, without credentials), on a thread of its own; only a device that says it is one of them is
// asked with the camera's credentials, and believed if serial number and MAC address are the camera's, too.
class CameraSearch {
 public:
  using Clock = std::chrono::steady_clock;

  // Between two searches, whatever they are for.
  static constexpr std::chrono::seconds kBetween{15};
  // A camera that was not found is looked for again after this; doubles up to the longest.
  static constexpr std::chrono::seconds kFirstAgain{30};
  static constexpr std::chrono::minutes kLongestAgain{15};
  // A camera that is back after so long may be another one, which got its address: looked for once.
  static constexpr std::chrono::seconds kSwapped{5};
  // Devices asked in one search, one after the other; the others have their turn in the next.
  static constexpr std::size_t kMaxAsked = 16;

  // An entry of the file, as it is and as it is to be.
  struct Moved {
    Camera before, after;
  };
  // `moved` is to write them to the file and to apply that.
  CameraSearch(EventLoop& control, const CameraManager& cameras, Refusals& refusals,
               std::function<void(const std::vector<Moved>&)> moved)
      : control_(control),
        cameras_(cameras),
        refusals_(refusals),
        moved_(std::move(moved)),
        timer_(control) {}

  // Looks now, and each second from now on, for cameras that are away for `patience`; 0: for none.
  void look(std::chrono::milliseconds patience);

  // Begins to end.
  void end();
  // Behind end(). False: a device or the network holds the thread up beyond `deadline`, and the destructor
  // would hang.
  bool stop(Clock::time_point deadline);

 private:
  struct Away {
    Clock::time_point since, again;  // `again`: not before this
    unsigned tries = 0;
    bool back = false;  // something answers at its address again
  };

  void note_away(Clock::time_point now);
  std::vector<Camera> due(Clock::time_point now) const;
  void begin(std::vector<Camera> lost);
  void search(const std::vector<Camera>& lost, const std::vector<Camera>& all, const std::stop_token& stop);
  std::vector<Moved> ask(const std::vector<Camera>& lost, const onvif::FoundDevice& device,
                         const std::stop_token& stop);
  void finish(const std::vector<Camera>& lost, const std::vector<Moved>& found);

  EventLoop& control_;
  const CameraManager& cameras_;
  Refusals& refusals_;
  const std::function<void(const std::vector<Moved>&)> moved_;
  Timer timer_;
  std::chrono::milliseconds patience_{0};
  std::map<std::string, Away> away_;  // by camera
  Clock::time_point next_{};          // search
  bool searching_ = false;
  std::atomic<bool> running_{false};  // the thread
  std::jthread thread_;
};

}  // namespace camctl::apps::serve
