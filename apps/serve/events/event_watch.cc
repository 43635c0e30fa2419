#include "apps/serve/events/event_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "apps/serve/devices/device_control.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr auto kLook = 1s;

// Cameras of one recorder share it; the credentials are told apart by same_access().
std::string key_of(const device::Device& device) {
  const auto& target = device.request.target;
  return fmt::format("{} {} {}", target.ip, target.xaddrs.empty() ? "" : target.xaddrs.front(),
                     device.credentials.user);
}

ListenedCamera listened(const Camera& camera) {
  ListenedCamera result{camera.id, {}};
  for (const auto& profile : camera.profiles)
    if (const auto token = profile.extra.find("source_token");
        token != profile.extra.end() && token->is_string())
      result.sources.insert(token->get<std::string>());
  return result;
}

}  // namespace

std::shared_ptr<void> EventWatch::join(const EventFilter& cameras) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(joined_->mutex);
    number = joined_->next++;
    joined_->filters.emplace(number, cameras);
  }
  control_.post([this] { look(); });
  return {nullptr, [joined = joined_, number](void*) {
            const std::lock_guard lock(joined->mutex);
            joined->filters.erase(number);
          }};
}

void EventWatch::look() {
  note_states();
  auto now_wanted = wanted();
  end_unwanted(now_wanted);
  begin_wanted(std::move(now_wanted));
  reap();
  timer_.after(kLook, [this] { look(); });
}

void EventWatch::note_states() {
  std::map<std::string, hls::StreamState> now;
  for (const auto& camera : cameras_.all()) {
    const auto id = camera->camera()->id;
    const auto status = camera->status();
    const auto before = states_.find(id);
    const auto was = before == states_.end() ? hls::StreamState::kIdle : before->second;
    // Being about to connect is no state that anybody waits for.
    const bool is_news = status.state != was && status.state != hls::StreamState::kConnecting;
    now.emplace(id, is_news ? status.state : was);
    if (!is_news) continue;
    Json record = {{"type", "state"},
                   {"camera", id},
                   {"time", device::utc_text(std::chrono::system_clock::now())},
                   {"status", hls::name(status.state)}};
    if (!status.reason.empty()) record["reason"] = status.reason;
    log_.add(id, std::move(record));
  }
  states_ = std::move(now);
}

EventWatch::WantedByKey EventWatch::wanted() const {
  std::vector<EventFilter> filters;
  {
    const std::lock_guard lock(joined_->mutex);
    for (const auto& [number, filter] : joined_->filters) filters.push_back(filter);
  }
  WantedByKey result;
  if (filters.empty()) return result;
  for (const auto& camera : cameras_.all()) {
    const auto entry = camera->camera();
    const auto wants = [&](const EventFilter& filter) { return !filter || filter->contains(entry->id); };
    if (entry->events == false || std::ranges::none_of(filters, wants)) continue;
    auto device = cameras_.onvif(entry->id);
    if (!device) continue;  // it has no ONVIF
    auto key = key_of(*device);
    auto& one = result[std::move(key)];
    if (one.cameras.empty()) one.device = std::move(*device);
    one.cameras.push_back(listened(*entry));
  }
  return result;
}

void EventWatch::end_unwanted(const WantedByKey& wanted) {
  const auto now = Clock::now();
  for (auto it = listening_.begin(); it != listening_.end();) {
    auto& [key, one] = *it;
    const auto still = wanted.find(key);
    const bool same =
        still != wanted.end() && one.listener->access().credentials == still->second.device.credentials;
    if (same) one.wanted_at = now;
    const auto failed_at = one.listener->failed_at();
    if (failed_at) failed_[key] = *failed_at + kTryAgain;
    const bool keep = same || (still == wanted.end() && now - one.wanted_at < kLinger);
    if (keep && !failed_at) {
      ++it;
      continue;
    }
    one.listener->end();
    ending_.push_back(std::move(one.listener));
    it = listening_.erase(it);
  }
  std::erase_if(failed_, [now](const auto& one) { return one.second <= now; });
}

void EventWatch::begin_wanted(WantedByKey wanted) {
  for (auto& [key, one] : wanted) {
    if (const auto known = listening_.find(key); known != listening_.end()) {
      known->second.listener->set_cameras(std::move(one.cameras));
      continue;
    }
    if (failed_.contains(key)) continue;
    if (listening_.size() + ending_.size() >= kMaxListened) {
      refuse(one);
      failed_[key] = Clock::now() + kTryAgain;
      continue;
    }
    listening_[key] = {
        std::make_unique<DeviceListener>(std::move(one.device), std::move(one.cameras), refusals_, log_),
        Clock::now()};
  }
}

void EventWatch::refuse(const Wanted& wanted) {
  for (const auto& camera : wanted.cameras)
    log_.add(camera.id, {{"type", "subscription"},
                         {"camera", camera.id},
                         {"time", device::utc_text(std::chrono::system_clock::now())},
                         {"listening", false},
                         {"reason", fmt::format("{} devices are listened to already", kMaxListened)}});
}

void EventWatch::reap() {
  std::erase_if(ending_, [](const auto& one) { return one->ended(); });
}

void EventWatch::end() {
  timer_.cancel();
  for (auto& [key, one] : listening_) {
    one.listener->end();
    ending_.push_back(std::move(one.listener));
  }
  listening_.clear();
}

bool EventWatch::stop(Clock::time_point deadline) {
  while (reap(), !ending_.empty()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace camctl::apps::serve
