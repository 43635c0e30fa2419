#include "libonvif/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "libonvif/event_messages.h"
#include "libonvif/lenient.h"

namespace camctl::onvif {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Where devices have their event service when they don't say (quirk 92).
constexpr std::array<std::string_view, 3> kUsualPaths = {"/onvif/event_service", "/onvif/Events",
                                                         "/onvif/service"};
constexpr milliseconds kShortest{2000};  // of a subscription: less is a device's mistake
constexpr milliseconds kFarewell{
    700};  // with a second that a held-back question takes to end: less than 2 s (interface.md)
constexpr milliseconds kEmptyPause{500};  // between questions to a device that does not hold them back

// Waits; false where it was stopped meanwhile.
bool pause(const std::stop_token& stop, milliseconds time) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// What the device itself said, as against a connection that failed.
bool is_answer(const Error& error) {
  return error.code == ErrorCode::kProtocol || error.code == ErrorCode::kUnsupported;
}

// What another attempt would not mend.
bool is_final(const Error& error) {
  return error.code == ErrorCode::kAuth || error.code == ErrorCode::kUnsupported ||
         error.code == ErrorCode::kUsage || error.code == ErrorCode::kConfig ||
         error.code == ErrorCode::kCancelled;
}

}  // namespace

std::optional<bool> Event::state() const {
  std::optional<bool> found;
  for (const auto& item : data) {
    const auto value = parse_bool(item.value);
    if (value && found) return std::nullopt;
    if (value) found = value;
  }
  return found;
}

// ---- One subscription

Result<EventSubscription> EventSubscription::create(DeviceSession& session, const EventOptions& options) {
  EventSubscription subscription(session, options);
  if (auto subscribed = subscription.subscribe(); !subscribed) return fail(subscribed.error());
  return subscription;
}

Result<void> EventSubscription::subscribe() {
  if (service_) return subscribe_at(*service_);
  std::vector<Url> candidates;
  if (auto listed = session_->service(kEventsNs)) candidates.push_back(std::move(*listed));
  for (const auto path : kUsualPaths) {
    Url url = session_->url();
    url.target = path;
    candidates.push_back(std::move(url));
  }
  Result<void> first;
  for (const Url& url : candidates) {
    auto subscribed = subscribe_at(url);
    if (subscribed) {
      if (&url != &candidates.front() || !session_->service(kEventsNs)) session_->quirks().insert(92);
      service_ = url;
      return {};
    }
    if (first) first = subscribed;
    if (!is_answer(subscribed.error())) return subscribed;
    // A service that knows the operation and fails is the right one.
    if (subscribed.error().code == ErrorCode::kProtocol && &url == &candidates.front() &&
        session_->service(kEventsNs))
      return subscribed;
  }
  return fail("subscribing to events", first.error());
}

Result<void> EventSubscription::subscribe_at(const Url& service) {
  Result<SubscriptionReply> reply = fail(ErrorCode::kInternal, "not asked");
  // Some devices take no termination time but their own.
  for (const std::optional<seconds> termination :
       {std::optional(options_.termination), std::optional<seconds>()}) {
    auto request = create_pull_point(termination);
    request.headers = addressing_headers(request.action, service.to_string(), {});
    reply = session_->ask(service, request, read_subscription);
    if (reply || reply.error().code != ErrorCode::kProtocol) break;
  }
  if (!reply) return fail(reply.error());
  reported_ = reply->address.empty() ? service.to_string() : reply->address;
  reference_ = reply->reference;
  auto address = parse_service_url(reported_, session_->quirks());
  if (!address) return fail(address.error());
  address_ = session_->reachable(*address);
  if (address_.to_string() != address->to_string()) session_->quirks().insert(88);
  settle(reply->lasts);
  return {};
}

void EventSubscription::settle(std::optional<milliseconds> lasts) {
  const milliseconds time = std::max(lasts.value_or(options_.termination), kShortest);
  ends_ = options_.clock() + time;
  renew_at_ = options_.clock() + time * 8 / 10;
}

milliseconds EventSubscription::lasts() const {
  return std::chrono::duration_cast<milliseconds>(ends_ - options_.clock());
}

// The address as the device named it goes into the header: it may compare the text.
Request EventSubscription::to_subscription(Request request) const {
  request.headers = addressing_headers(request.action, reported_, reference_);
  return request;
}

Result<void> EventSubscription::renew() {
  auto renewed = session_->ask(address_, to_subscription(onvif::renew(options_.termination)), read_renewal);
  if (renewed) {
    settle(*renewed);
    return {};
  }
  if (!is_answer(renewed.error())) return fail(renewed.error());
  session_->quirks().insert(89);
  unsubscribe();  // devices have few pull points
  return subscribe();
}

Result<std::vector<Event>> EventSubscription::pull_once() {
  if (options_.clock() >= renew_at_)
    if (auto renewed = renew(); !renewed) return fail(renewed.error());
  const auto until_renewal = std::chrono::ceil<seconds>(renew_at_ - options_.clock());
  const seconds timeout = std::clamp(until_renewal, seconds{1}, std::max(options_.pull_timeout, seconds{1}));
  // A device may say that it extends the subscription with each pull; it is renewed all the same, since
  // others say so and do not (quirk 89).
  return session_->ask(address_, to_subscription(pull_messages(timeout, options_.message_limit)),
                       read_pulled_messages);
}

Result<std::vector<Event>> EventSubscription::pull() {
  auto events = pull_once();
  if (events || !is_answer(events.error())) return events;
  session_->quirks().insert(89);
  if (auto subscribed = subscribe(); !subscribed) return fail(subscribed.error());
  return pull_once();
}

void EventSubscription::unsubscribe() {
  if (session_->refused()) return;
  static_cast<void>(session_->tell(address_, to_subscription(onvif::unsubscribe())));
}

// ---- For as long as it takes

namespace {

// Pulls until something fails.
Error drain(EventSubscription& subscription, const std::stop_token& stop, const EventSink& sink,
            bool& received) {
  while (!stop.stop_requested()) {
    const auto asked = std::chrono::steady_clock::now();
    auto events = subscription.pull();
    if (!events) return events.error();
    received = true;
    for (const Event& event : *events) sink.event(event);
    if (events->empty() && std::chrono::steady_clock::now() - asked < kEmptyPause) pause(stop, kEmptyPause);
  }
  return {ErrorCode::kCancelled, "stopped", {}};
}

}  // namespace

Error follow_events(const std::function<Result<std::unique_ptr<DeviceSession>>()>& connect,
                    const EventOptions& options, const std::stop_token& stop, const EventSink& sink) {
  milliseconds retry = options.first_retry;
  for (;;) {
    Error error;
    if (auto session = connect(); !session) {
      error = session.error();
    } else if (auto subscription = EventSubscription::create(**session, options); !subscription) {
      error = subscription.error();
    } else {
      if (sink.subscribed) sink.subscribed();
      bool received = false;
      error = drain(*subscription, stop, sink, received);
      if (received) retry = options.first_retry;
      if (stop.stop_requested()) (*session)->allow_farewell(kFarewell);
      if (error.code != ErrorCode::kAuth && error.code != ErrorCode::kNetwork) subscription->unsubscribe();
    }
    if (stop.stop_requested()) return {ErrorCode::kCancelled, "stopped", {}};
    if (is_final(error)) return error;
    if (sink.lost) sink.lost(error, retry);
    if (!pause(stop, retry)) return {ErrorCode::kCancelled, "stopped", {}};
    retry = std::min(retry * 2, options.last_retry);
  }
}

}  // namespace camctl::onvif
