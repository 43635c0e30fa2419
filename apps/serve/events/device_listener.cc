#include "apps/serve/events/device_listener.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "apps/events/record.h"
#include "base/log.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr auto kAnswerTime = 10s;  // besides the time for which the device may hold a question back

}  // namespace

std::vector<std::string> cameras_of(const onvif::Event& event, const std::vector<ListenedCamera>& cameras) {
  std::vector<std::string> named, all;
  for (const auto& camera : cameras) {
    all.push_back(camera.id);
    const auto names = [&](const onvif::EventItem& item) { return camera.sources.contains(item.value); };
    if (std::ranges::any_of(event.source, names)) named.push_back(camera.id);
  }
  return named.empty() ? all : named;
}

std::string_view type_of(const onvif::Event& event) {
  return event.topic.find("Motion") != std::string::npos ? "motion" : "event";
}

DeviceListener::DeviceListener(device::Device device, std::vector<ListenedCamera> cameras, Refusals& refusals,
                               EventLog& log)
    : device_(std::move(device)), refusals_(refusals), log_(log), cameras_(std::move(cameras)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { follow(stop); });
  pthread_setname_np(thread_.native_handle(), "events");
}

DeviceListener::~DeviceListener() = default;

void DeviceListener::set_cameras(std::vector<ListenedCamera> cameras) {
  const std::lock_guard lock(mutex_);
  cameras_ = std::move(cameras);
}

std::vector<ListenedCamera> DeviceListener::cameras() const {
  const std::lock_guard lock(mutex_);
  return cameras_;
}

std::optional<Clock::time_point> DeviceListener::failed_at() const {
  const std::lock_guard lock(mutex_);
  return failed_at_;
}

// One record for each camera that is listened to.
void DeviceListener::tell(bool listening, const std::string& reason, const std::string& hint) {
  const auto now = device::utc_text(std::chrono::system_clock::now());
  for (const auto& camera : cameras()) {
    Json record = {{"type", "subscription"}, {"camera", camera.id}, {"time", now}, {"listening", listening}};
    if (!reason.empty()) record["reason"] = reason;
    if (!hint.empty()) record["hint"] = hint;
    log_.add(camera.id, std::move(record));
  }
}

void DeviceListener::follow(const std::stop_token& stop) {
  const onvif::EventOptions how;
  bool asked = false;
  const auto connect = [&]() -> Result<std::unique_ptr<onvif::DeviceSession>> {
    if (auto allowed = refusals_.check(device_, Clock::now()); !allowed) return fail(allowed.error());
    asked = true;
    return device::connect(device_, {}, {}, {.call = how.pull_timeout + kAnswerTime}, stop);
  };
  const onvif::EventSink sink{.event = [&](const onvif::Event& event) { deliver(event, stop); },
                              .subscribed = [&] { tell(true, {}); },
                              .lost =
                                  [&](const Error& error, std::chrono::milliseconds) {
                                    log::get().debug("events of camera {}: {}", device_.id, error.message);
                                    tell(false, error.message, "it is tried again all the time");
                                  }};
  const auto error = onvif::follow_events(connect, how, stop, sink);
  if (error.code == ErrorCode::kAuth && asked) refusals_.add(device_, Clock::now());
  if (error.code != ErrorCode::kCancelled) {
    log::get().warn("camera {} tells no events: {}", device_.id, error.message);
    tell(false, error.message, error.hint);
    const std::lock_guard lock(mutex_);
    failed_at_ = Clock::now();
  }
  ended_ = true;
}

void DeviceListener::deliver(const onvif::Event& event, const std::stop_token& stop) {
  const auto now = std::chrono::system_clock::now();
  for (const auto& id : cameras_of(event, cameras())) {
    Json record = {{"type", type_of(event)}};
    record.update(events::to_json(event, id, now));
    log_.add(id, std::move(record));
  }
  throttle(stop);
}

// A device that has always something to say would keep a core busy.
void DeviceListener::throttle(const std::stop_token& stop) {
  const auto now = Clock::now();
  allowance_ += kRate * std::chrono::duration<double>(now - allowed_at_).count();
  allowance_ = std::min(allowance_, double{kBurst}) - 1;
  allowed_at_ = now;
  if (allowance_ > 0) return;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, 1000ms / kRate, [] { return false; });
}

}  // namespace camctl::apps::serve
