// The SOAP messages of event subscriptions (ONVIF Core §9, WS-BaseNotification 1.3) as plain values.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "libonvif/events.h"
#include "libonvif/messages.h"

namespace camctl::onvif {

inline constexpr std::size_t kMaxEvents = 1024;     // in one reply; we ask for a tenth
inline constexpr std::size_t kMaxEventItems = 64;   // in one list of an event; rules have five
inline constexpr std::size_t kMaxReference = 8192;  // bytes of reference parameters; Axis' have 100

// The requests, still without addressing. Durations are whole seconds and written so (quirk 89).
Request create_pull_point(std::optional<std::chrono::seconds> termination);
Request pull_messages(std::chrono::seconds timeout, unsigned limit);
Request renew(std::chrono::seconds termination);
Request unsubscribe();

// What WS-Addressing adds to the header of a request to a subscription (quirk 91). `reference` is the
// subscription's, see below.
std::string addressing_headers(std::string_view action, std::string_view to, std::string_view reference);

struct SubscriptionReply {
  std::string address;    // as reported; may be empty
  std::string reference;  // its reference parameters as header elements that stand alone (quirk 87)
  std::optional<std::chrono::milliseconds> lasts;  // TerminationTime - CurrentTime, where both make sense
};
Result<SubscriptionReply> read_subscription(std::string_view reply, Quirks& quirks);

// How long the subscription lasts from now; nothing where the device's times make no sense (quirk 90).
Result<std::optional<std::chrono::milliseconds>> read_renewal(std::string_view reply, Quirks& quirks);

// The events of one answer. When the subscription ends, as it says too, is the device's word only (quirk 89).
Result<std::vector<Event>> read_pulled_messages(std::string_view reply, Quirks& quirks);

}  // namespace camctl::onvif
