// A camera's events: motion, tampering, inputs, whatever its rules say, by pull points (ONVIF Core §9.2).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "libonvif/device_session.h"

namespace camctl::onvif {

struct EventItem {
  std::string name, value;
};

// One message. Texts are clean and bounded; items are in the device's order.
struct Event {
  std::string topic;      // "RuleEngine/CellMotionDetector/Motion": without the prefixes of namespaces
  std::string operation;  // "initialized", "changed", "deleted"; empty where it is no property (§9.5.2)
  std::optional<std::chrono::system_clock::time_point>
      time;  // device's clock; nothing if nonsense (quirk 90)
  std::vector<EventItem> source, key, data;

  // What the property is now, where its data says so: its only true-or-false item.
  std::optional<bool> state() const;
};

struct EventOptions {
  std::chrono::seconds termination{600};  // how long a subscription is asked to last; see quirk 89
  std::chrono::seconds pull_timeout{20};  // how long the device may hold one question back
  unsigned message_limit = 100;           // of one reply
  // Of follow_events(), doubled from the first to the last.
  std::chrono::milliseconds first_retry{1000}, last_retry{30'000};
  std::function<std::chrono::steady_clock::time_point()> clock =
      std::chrono::steady_clock::now;  // tests set it
};

// One pull point. Not thread-safe; `session` must outlive it.
class EventSubscription {
 public:
  // Subscribes, whatever the device's capabilities say of pull points (quirk 86), at the event service or
  // where it usually is (quirk 92). kUnsupported where nothing answers to it, and the session's errors.
  static Result<EventSubscription> create(DeviceSession& session, const EventOptions& options);

  // Blocks until there are events, at most pull_timeout: then none. Renews the subscription when 80 % of its
  // time is over, and makes a new one where the device has lost or refuses it (quirk 89); properties then
  // come again as "initialized".
  Result<std::vector<Event>> pull();

  // Tells the device that nobody listens any more. Its answer does not matter.
  void unsubscribe();

  // Of what it lasts from now; for tests.
  std::chrono::milliseconds lasts() const;

 private:
  using Clock = std::chrono::steady_clock;

  EventSubscription(DeviceSession& session, const EventOptions& options)
      : session_(&session), options_(options) {}

  Result<void> subscribe();
  Result<void> subscribe_at(const Url& service);
  Result<void> renew();
  Result<std::vector<Event>> pull_once();
  Request to_subscription(Request request) const;
  void settle(std::optional<std::chrono::milliseconds> lasts);

  DeviceSession* session_;
  EventOptions options_;
  std::optional<Url> service_;  // where subscribing worked
  Url address_;                 // of the subscription
  std::string reported_;        // its address as the device names it
  std::string reference_;
  Clock::time_point renew_at_, ends_;
};

// What follow_events() tells. Called on its thread.
struct EventSink {
  std::function<void(const Event&)> event;
  std::function<void()> subscribed;  // may be empty, like `lost`
  std::function<void(const Error&, std::chrono::milliseconds retry_in)> lost;
};

// Subscribes and pulls until `stop`, then unsubscribes within a second: kCancelled. Connects anew, by
// `connect`, when the connection is lost, with a back-off. Other ends are what trying again would not mend:
// kAuth (quirk 57: the very first refusal), kUnsupported, kUsage.
Error follow_events(const std::function<Result<std::unique_ptr<DeviceSession>>()>& connect,
                    const EventOptions& options, const std::stop_token& stop, const EventSink& sink);

}  // namespace camctl::onvif
