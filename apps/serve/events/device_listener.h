// Listening to the events of one device, on a thread of its own: nearly all of its time is waiting.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "apps/device/device.h"
#include "apps/serve/devices/refusals.h"
#include "apps/serve/events/event_log.h"
#include "libonvif/events.h"

namespace camctl::apps::serve {

// A camera whose events come from this device: of a recorder, one of several.
struct ListenedCamera {
  std::string id;
  std::set<std::string> sources;  // tokens of its video sources, where they are known
  friend bool operator==(const ListenedCamera&, const ListenedCamera&) = default;
};

// Whose event it is: of the camera that its source names, else of all.
std::vector<std::string> cameras_of(const onvif::Event& event, const std::vector<ListenedCamera>& cameras);

// "motion" for what cameras tell of motion, else "event".
std::string_view type_of(const onvif::Event& event);

// All calls on one thread.
class DeviceListener {
 public:
  // A device that tells more is read more slowly: events in a row, and a second.
  static constexpr unsigned kBurst = 500, kRate = 50;

  // Begins to listen. What the device tells, and whether it does, goes to the log for each of the cameras.
  // Log and refusals must outlive it.
  DeviceListener(device::Device device, std::vector<ListenedCamera> cameras, Refusals& refusals,
                 EventLog& log);
  ~DeviceListener();  // waits: see end()
  DeviceListener(const DeviceListener&) = delete;
  DeviceListener& operator=(const DeviceListener&) = delete;

  const device::Device& access() const { return device_; }
  void set_cameras(std::vector<ListenedCamera> cameras);

  // Tells the device that nobody listens any more, within two seconds, while the caller goes on.
  void end() { thread_.request_stop(); }
  // The thread is about to end, or has: it was told to, or the device can't be listened to.
  bool ended() const { return ended_; }
  // Since when, for the latter.
  std::optional<std::chrono::steady_clock::time_point> failed_at() const;

 private:
  void follow(const std::stop_token& stop);
  void deliver(const onvif::Event& event, const std::stop_token& stop);
  void throttle(const std::stop_token& stop);
  void tell(bool listening, const std::string& reason, const std::string& hint = {});
  std::vector<ListenedCamera> cameras() const;

  const device::Device device_;
  Refusals& refusals_;
  EventLog& log_;
  mutable std::mutex mutex_;
  std::vector<ListenedCamera> cameras_;                             // guarded by mutex_
  std::optional<std::chrono::steady_clock::time_point> failed_at_;  // guarded by mutex_
  double allowance_ = kBurst;                                       // the thread's, as the next
  std::chrono::steady_clock::time_point allowed_at_ = std::chrono::steady_clock::now();
  std::atomic<bool> ended_{false};
  std::jthread thread_;
};

}  // namespace camctl::apps::serve
