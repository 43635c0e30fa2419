#include "apps/serve/events/event_log.h"

#include <algorithm>
#include <utility>

#include "apps/common/app.h"

namespace camctl::apps::serve {
namespace {

// A client of an earlier run, who says what it had last, must not take ours for old. A thousand a second is
// more than there are.
std::uint64_t first_id() {
  using namespace std::chrono;
  constexpr sys_days kEpoch = 2024y / January / 1;
  const auto since = floor<milliseconds>(system_clock::now()) - kEpoch;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 1));
}

std::size_t size_of(const LoggedEvent& event) {
  constexpr std::size_t kOverhead = 200;  // the record itself, its places in the lists
  return event.json.size() + kOverhead;
}

}  // namespace

EventLog::EventLog() : last_id_(first_id()) {}

void EventLog::add(const std::string& camera, nlohmann::ordered_json record) {
  {
    const std::lock_guard lock(mutex_);
    auto event = std::make_shared<LoggedEvent>();
    event->id = ++last_id_;
    event->camera = camera;
    event->time = std::chrono::system_clock::now();
    nlohmann::ordered_json whole = {{"id", event->id}};
    whole.update(record);
    event->json = dump(whole);
    if (event->json.size() > kMaxEvent) {
      for (const auto* key : {"source", "key", "data"}) whole.erase(key);
      whole["truncated"] = true;
      event->json = dump(whole);
    }
    auto& of_camera = cameras_[camera];
    of_camera.ids.push_back(event->id);
    of_camera.bytes += size_of(*event);
    bytes_ += size_of(*event);
    events_.emplace(event->id, std::move(event));
    while (of_camera.ids.size() > kMaxOfCamera || of_camera.bytes > kMaxBytesOfCamera) forget_oldest(camera);
    while (bytes_ > kMaxBytes) forget_oldest(std::string(events_.begin()->second->camera));
  }
  listeners_.notify();
}

void EventLog::forget_oldest(const std::string& camera) {
  auto& of_camera = cameras_[camera];
  const auto id = of_camera.ids.front();
  const auto event = events_.find(id);
  of_camera.ids.pop_front();
  of_camera.bytes -= size_of(*event->second);
  of_camera.forgotten = id;
  bytes_ -= size_of(*event->second);
  events_.erase(event);
  if (of_camera.ids.empty()) cameras_.erase(camera);
}

EventLog::Batch EventLog::read(std::uint64_t after, const EventFilter& filter, std::size_t bytes) const {
  const auto wanted = [&](const std::string& camera) { return !filter || filter->contains(camera); };
  Batch batch;
  const std::lock_guard lock(mutex_);
  for (const auto& [camera, of_camera] : cameras_)
    if (of_camera.forgotten > after && wanted(camera)) batch.lost = true;
  batch.last = std::max(after, last_id_);
  std::size_t taken = 0;
  for (auto at = events_.upper_bound(after); at != events_.end(); ++at) {
    if (!wanted(at->second->camera)) continue;
    if (!batch.events.empty() && taken + at->second->json.size() > bytes) {
      batch.last = batch.events.back()->id;
      break;
    }
    taken += at->second->json.size();
    batch.events.push_back(at->second);
  }
  return batch;
}

std::uint64_t EventLog::newest() const {
  const std::lock_guard lock(mutex_);
  return last_id_;
}

std::shared_ptr<void> EventLog::listen(std::function<void()> notify) {
  return listeners_.add(std::move(notify));
}

}  // namespace camctl::apps::serve
