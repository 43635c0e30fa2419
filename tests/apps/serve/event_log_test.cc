#include "apps/serve/events/event_log.h"

#include <doctest/doctest.h>

#include <string>

#include "apps/serve/events/device_listener.h"
#include "apps/serve/events/event_viewer.h"

namespace camctl::apps::serve {
namespace {

constexpr std::size_t kAll = 64u << 20;

nlohmann::ordered_json record(int number, std::size_t padding = 0) {
  return {{"type", "event"}, {"number", number}, {"data", {{"text", std::string(padding, 'x')}}}};
}

std::size_t count(const EventLog& log, const EventFilter& filter = {}) {
  return log.read(0, filter, kAll).events.size();
}

TEST_CASE("ids ascend, and the record begins with its own") {
  EventLog log;
  const auto before = log.newest();
  log.add("a", record(1));
  log.add("b", record(2));
  const auto batch = log.read(before, {}, kAll);
  REQUIRE(batch.events.size() == 2);
  CHECK(batch.events[0]->id == before + 1);
  CHECK(batch.events[1]->id == before + 2);
  CHECK(batch.last == log.newest());
  CHECK_FALSE(batch.lost);
  CHECK(batch.events[0]->json.starts_with("{\"id\":" + std::to_string(before + 1) + ",\"type\":\"event\""));
  CHECK(before > 1'000'000'000);  // an earlier run's ids are behind
}

TEST_CASE("a filter takes its cameras, and its position goes on past the others") {
  EventLog log;
  log.add("a", record(1));
  log.add("b", record(2));
  const EventFilter only_a = std::set<std::string>{"a"};
  const auto batch = log.read(0, only_a, kAll);
  REQUIRE(batch.events.size() == 1);
  CHECK(batch.events[0]->camera == "a");
  CHECK(batch.last == log.newest());
  CHECK(log.read(batch.last, only_a, kAll).events.empty());
}

TEST_CASE("what is asked for at once is bounded, and nothing is left out") {
  EventLog log;
  for (int i = 0; i < 20; ++i) log.add("a", record(i, 1000));
  std::size_t seen = 0;
  for (auto batch = log.read(0, {}, 3000); !batch.events.empty(); batch = log.read(batch.last, {}, 3000)) {
    CHECK(batch.events.size() <= 3);
    seen += batch.events.size();
  }
  CHECK(seen == 20);
  CHECK(log.read(0, {}, 1).events.size() == 1);  // one that is longer than that comes all the same
}

TEST_CASE("a camera that tells much forgets its own, not the others'") {
  EventLog log;
  log.add("quiet", record(0));
  for (int i = 0; i < 1000; ++i) log.add("loud", record(i));
  CHECK(count(log, std::set<std::string>{"loud"}) == EventLog::kMaxOfCamera);
  CHECK(count(log, std::set<std::string>{"quiet"}) == 1);
  const auto first = log.read(0, std::set<std::string>{"quiet"}, kAll);
  CHECK_FALSE(first.lost);
  CHECK(log.read(first.events[0]->id, {}, kAll).lost);
  CHECK_FALSE(log.read(log.newest(), {}, kAll).lost);
}

TEST_CASE("bytes are bounded: of an event, of a camera, of all") {
  EventLog log;
  log.add("a", record(1, 1u << 20));
  const auto batch = log.read(0, {}, kAll);
  REQUIRE(batch.events.size() == 1);
  CHECK(batch.events[0]->json.size() < 200);
  CHECK(nlohmann::json::parse(batch.events[0]->json)["truncated"] == true);
  for (int i = 0; i < 100; ++i) log.add("a", record(i, 20'000));
  CHECK(count(log) <= EventLog::kMaxBytesOfCamera / 20'000);
  for (int camera = 0; camera < 100; ++camera)
    for (int i = 0; i < 20; ++i) log.add("camera" + std::to_string(camera), record(i, 20'000));
  CHECK(count(log) <= EventLog::kMaxBytes / 20'000);
  CHECK(count(log) > EventLog::kMaxBytes / 25'000);
}

TEST_CASE("whoever listens is told, until the handle goes") {
  EventLog log;
  int told = 0;
  auto handle = log.listen([&] { ++told; });
  log.add("a", record(1));
  log.add("a", record(2));
  CHECK(told == 2);
  handle.reset();
  log.add("a", record(3));
  CHECK(told == 2);
}

TEST_CASE("a viewer gets what it asked for, and after a break what it missed") {
  EventLog log;
  EventLoop loop;
  const auto before = log.newest();
  log.add("a", record(1));
  log.add("b", record(2));
  bool joined = false;
  auto viewer = std::make_shared<EventViewer>(log, loop, std::set<std::string>{"a"}, before, [&] {
    joined = true;
    return std::shared_ptr<void>(nullptr, [&](void*) { joined = false; });
  });
  viewer->on_open([] {});
  CHECK(joined);
  const auto id = std::to_string(before + 1);
  CHECK(viewer->next().starts_with("retry: 3000\n\nid: " + id + "\ndata: {\"id\":" + id));
  CHECK(viewer->next().empty());
  for (int i = 0; i < 300; ++i) log.add("a", record(i));
  CHECK(viewer->next().starts_with("data: {\"type\":\"lost\"}\n\nid: "));
  viewer->on_end();
  CHECK_FALSE(joined);
}

TEST_CASE("of a recorder's event, the camera that its source names") {
  const std::vector<ListenedCamera> cameras = {{"one", {"Source_1"}}, {"two", {"Source_2"}}};
  onvif::Event event;
  event.topic = "VideoSource/MotionAlarm";
  event.source = {{"Rule", "x"}, {"Source", "Source_2"}};
  CHECK(cameras_of(event, cameras) == std::vector<std::string>{"two"});
  event.source = {{"Source", "Source_3"}};
  CHECK(cameras_of(event, cameras) == std::vector<std::string>{"one", "two"});
  CHECK(type_of(event) == "motion");
  event.topic = "Device/Trigger/DigitalInput";
  CHECK(type_of(event) == "event");
}

}  // namespace
}  // namespace camctl::apps::serve
