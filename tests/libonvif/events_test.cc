#include "libonvif/events.h"

#include <doctest/doctest.h>

#include "tests/libonvif/session_bench.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

EventOptions options_of(const SessionBench& bench) {
  EventOptions options;
  options.clock = [&bench] { return bench.steady(); };
  return options;
}

// Pulls until there is something.
Result<std::vector<Event>> next(EventSubscription& subscription) {
  for (int i = 0; i < 4; ++i) {
    auto events = subscription.pull();
    if (!events || !events->empty()) return events;
  }
  return std::vector<Event>{};
}

// What a subscriber of this device hears first, and then when it moves.
void check_motion(SessionBench& bench, EventSubscription& subscription, bool times = true) {
  const auto first = next(subscription);
  REQUIRE_MESSAGE(first, first.error().message);
  REQUIRE(first->size() == 1);
  const Event& initial = first->front();
  CHECK(initial.topic == "VideoSource/MotionAlarm");
  CHECK(initial.operation == "initialized");
  REQUIRE(initial.source.size() == 1);
  CHECK(initial.source[0].name == "Source");
  CHECK(initial.source[0].value == "VideoSource_1");
  CHECK(initial.time.has_value() == times);
  const auto second = next(subscription);
  REQUIRE_MESSAGE(second, second.error().message);
  REQUIRE(second->size() == 1);
  CHECK(second->front().operation == "changed");
  CHECK(second->front().state() == !initial.state().value());
  if (times) CHECK(second->front().time == kTestTime + bench.elapsed);
}

}  // namespace

TEST_CASE("motion is told when it happens") {
  SessionBench bench;
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription);
  CHECK(bench.elapsed == 5s);  // the rhythm: the device held the question back so long
}

TEST_CASE("a question is not held back beyond its time") {
  auto config = test_device();
  config.motion_rhythm = 1h;
  SessionBench bench(config);
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  REQUIRE(next(*subscription));  // the first state
  const auto none = subscription->pull();
  REQUIRE(none);
  CHECK(none->empty());
  CHECK(bench.elapsed == 20s);
}

TEST_CASE("a subscription is renewed before it ends") {
  SessionBench bench;
  auto options = options_of(bench);
  options.termination = 100s;
  auto subscription = EventSubscription::create(bench.session, options);
  REQUIRE(subscription);
  CHECK(bench.sent("PT100S") == 1);  // seconds, which every device can read (quirk 89)
  while (bench.elapsed < 250s) REQUIRE(subscription->pull());
  CHECK(bench.sent("wsnt:Renew") >= 2);
  CHECK(bench.sent("wsnt:Renew") <=
        3);  // at 80 % of its time, not at each pull: that crashes cameras (quirk 42)
  CHECK(bench.sent("CreatePullPointSubscription>") + bench.sent("CreatePullPointSubscription ") >= 1);
  CHECK_FALSE(bench.session.all_quirks().contains(89));
}

TEST_CASE("quirk 86: a device that denies pull points is asked all the same") {
  SessionBench bench(test_device_with({86}));
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription);
}

TEST_CASE("quirk 87: reference parameters are sent back") {
  SessionBench bench(test_device_with({87}));
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription);
  CHECK(bench.session.all_quirks().contains(87));
  CHECK(bench.sent("IsReferenceParameter=\"true\"") > 0);
}

TEST_CASE("quirk 88: a subscription's address has the host that we reached") {
  SessionBench bench(test_device_with({88}));
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription);
  CHECK(bench.session.all_quirks().contains(88));
  for (const auto& url : bench.urls) CHECK(url.starts_with("http://127.0.0.2:8000/"));
}

TEST_CASE("quirk 89: where renewing fails, a new subscription takes over") {
  SessionBench bench(test_device_with({89}));
  auto options = options_of(bench);
  options.termination = 20s;
  auto subscription = EventSubscription::create(bench.session, options);
  REQUIRE(subscription);
  std::size_t changes = 0;
  while (bench.elapsed < 60s) {
    const auto events = subscription->pull();
    REQUIRE_MESSAGE(events, events.error().message);
    for (const auto& event : *events) changes += event.operation == "changed" ? 1 : 0;
  }
  CHECK(changes >= 10);  // one each 5 s, but for those that fall on a change of subscriptions
  CHECK(bench.session.all_quirks().contains(89));
}

TEST_CASE("a subscription that the device forgot is made again") {
  SessionBench bench;
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  REQUIRE(next(*subscription));
  bench.device.restart();
  const auto again = subscription->pull();
  REQUIRE_MESSAGE(again, again.error().message);
  REQUIRE(again->size() == 1);
  CHECK(again->front().operation == "initialized");
}

TEST_CASE("quirk 90: nonsense in times costs nothing but the times") {
  SessionBench bench(test_device_with({90}));
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription, false);
  CHECK(bench.session.all_quirks().contains(90));
  CHECK(subscription->lasts() > 500s);  // what was asked for
}

TEST_CASE("quirk 91: addressing goes with events, and with nothing else") {
  SessionBench bench(test_device_with({91}));
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription);
  CHECK(bench.bodies.front().find("addressing") == std::string::npos);
}

TEST_CASE("quirk 92: an event service that is not listed is found") {
  SessionBench bench(test_device_with({92}));
  REQUIRE_FALSE(bench.session.service(kEventsNs));
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  check_motion(bench, *subscription);
  CHECK(bench.session.all_quirks().contains(92));
}

TEST_CASE("a device without events says so") {
  auto config = test_device();
  config.events = false;
  SessionBench bench(config);
  const auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE_FALSE(subscription);
  CHECK(subscription.error().code == ErrorCode::kUnsupported);
}

TEST_CASE("after Unsubscribe the device knows the pull point no more") {
  SessionBench bench;
  auto subscription = EventSubscription::create(bench.session, options_of(bench));
  REQUIRE(subscription);
  REQUIRE(next(*subscription));
  subscription->unsubscribe();
  CHECK(bench.sent("wsnt:Unsubscribe") == 1);
  REQUIRE(subscription->pull());  // which makes a new one
  CHECK(bench.session.all_quirks().contains(89));
}

TEST_CASE("events come with every scheme of authentication, from one login") {
  for (const auto auth : {VirtualAuth::kWsse, VirtualAuth::kDigest, VirtualAuth::kBoth}) {
    SessionBench bench(test_device(auth), {"admin", Secret("s3cret")});
    auto subscription = EventSubscription::create(bench.session, options_of(bench));
    REQUIRE(subscription);
    check_motion(bench, *subscription);
  }
}

TEST_CASE("refused credentials end it at once (quirk 57)") {
  SessionBench bench(test_device(VirtualAuth::kDigest), {"admin", Secret("wrong")});
  std::stop_source stop;
  int lost = 0;
  const auto connect = [&]() -> Result<std::unique_ptr<DeviceSession>> {
    auto session = std::make_unique<DeviceSession>(
        [&](const Url& url, const HttpRequest& request) { return bench.post(url, request); },
        Credentials{"admin", Secret("wrong")});
    if (auto found = session->find_service({.xaddrs = {"http://127.0.0.2:8000/onvif/device_service"},
                                            .ip = "127.0.0.2",
                                            .endpoint = {},
                                            .name = {},
                                            .mac = {}});
        !found)
      return fail(found.error());
    return session;
  };
  const Error error = follow_events(
      connect, options_of(bench), stop.get_token(),
      {.event = [](const Event&) {}, .subscribed = {}, .lost = [&](const Error&, auto) { ++lost; }});
  CHECK(error.code == ErrorCode::kAuth);
  CHECK(lost == 0);
  CHECK(bench.logins <= 3);
}

TEST_CASE("a lost connection is made again, after longer and longer pauses") {
  SessionBench bench;
  auto options = options_of(bench);
  options.first_retry = 1ms;
  options.last_retry = 4ms;
  std::stop_source stop;
  std::vector<std::chrono::milliseconds> pauses;
  int connects = 0, events = 0;
  const auto connect = [&]() -> Result<std::unique_ptr<DeviceSession>> {
    if (++connects < 5) return fail(ErrorCode::kNetwork, "nobody is there");
    auto session = std::make_unique<DeviceSession>(
        [&](const Url& url, const HttpRequest& request) { return bench.post(url, request); }, Credentials{});
    if (auto found = session->find_service({.xaddrs = {"http://127.0.0.2:8000/onvif/device_service"},
                                            .ip = "127.0.0.2",
                                            .endpoint = {},
                                            .name = {},
                                            .mac = {}});
        !found)
      return fail(found.error());
    static_cast<void>(session->find_services());
    return session;
  };
  const EventSink sink{.event =
                           [&](const Event&) {
                             if (++events == 2) bench.silent = true;
                             if (events == 3) stop.request_stop();
                           },
                       .subscribed = {},
                       .lost =
                           [&](const Error&, std::chrono::milliseconds pause) {
                             pauses.push_back(pause);
                             bench.silent = false;
                           }};
  const Error error = follow_events(connect, options, stop.get_token(), sink);
  CHECK(error.code == ErrorCode::kCancelled);
  CHECK(pauses == std::vector<std::chrono::milliseconds>{1ms, 2ms, 4ms, 4ms, 1ms});
  CHECK(events == 3);
  CHECK(bench.sent("wsnt:Unsubscribe") >= 1);
}
