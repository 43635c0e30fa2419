#include "apps/serve/devices/camera_search.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "apps/discover/cameras.h"
#include "apps/discover/pool.h"
#include "apps/serve/devices/found_again.h"
#include "base/log.h"
#include "libonvif/device.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 1s;

// What can be looked for: it says who it is, and nobody has given it its address by hand.
bool can_be_found(const Camera& camera) {
  return !camera.onvif_url.empty() && !(camera.endpoint.empty() && camera.mac.empty()) &&
         !camera.extra.contains(kAddedBy);
}

}  // namespace

void CameraSearch::look(std::chrono::milliseconds patience) {
  patience_ = patience;
  timer_.after(kLook, [this] { look(patience_); });
  const auto now = Clock::now();
  note_away(now);
  if (patience_.count() == 0 || searching_ || now < next_) return;
  if (auto lost = due(now); !lost.empty()) begin(std::move(lost));
}

void CameraSearch::note_away(Clock::time_point now) {
  std::map<std::string, Away> still;
  for (const auto& camera : cameras_.all()) {
    const auto id = camera->camera()->id;
    const auto known = away_.find(id);
    const auto state = camera->status().state;
    if (known == away_.end()) {
      if (hls::is_away(state)) still[id].since = now;
      continue;
    }
    auto away = known->second;
    away.back = state == hls::StreamState::kLive;
    const bool is_quickly_back = away.back && now - away.since < kSwapped;
    if (state != hls::StreamState::kIdle && !is_quickly_back) still.emplace(id, away);
  }
  away_ = std::move(still);
}

std::vector<Camera> CameraSearch::due(Clock::time_point now) const {
  std::vector<Camera> result;
  for (const auto& camera : cameras_.all()) {
    const auto entry = camera->camera();
    const auto known = away_.find(entry->id);
    if (known == away_.end() || !can_be_found(*entry)) continue;
    const auto& away = known->second;
    if (away.back || (now - away.since >= patience_ && now >= away.again)) result.push_back(*entry);
  }
  return result;
}

void CameraSearch::begin(std::vector<Camera> lost) {
  std::vector<Camera> all;
  for (const auto& camera : cameras_.all()) all.push_back(*camera->camera());
  log::get().debug("looking for {} camera{} that {} away", lost.size(), lost.size() == 1 ? "" : "s",
                   lost.size() == 1 ? "is" : "are");
  searching_ = running_ = true;
  thread_ = std::jthread([this, lost = std::move(lost), all = std::move(all)](const std::stop_token& stop) {
    search(lost, all, stop);
    running_ = false;
  });
  pthread_setname_np(thread_.native_handle(), "search");
}

// On the thread.
void CameraSearch::search(const std::vector<Camera>& lost, const std::vector<Camera>& all,
                          const std::stop_token& stop) {
  std::vector<onvif::FoundDevice> found;
  const auto scanned =
      onvif::scan({}, stop, [&](const onvif::FoundDevice& device) { found.push_back(device); });
  if (!scanned) log::get().debug("looking for cameras: {}", scanned.error().message);
  // Cameras of one recorder are asked for once.
  std::map<const onvif::FoundDevice*, std::vector<Camera>> matches;
  for (const auto& camera : lost)
    if (const auto* device = find_again(camera, all, found)) matches[device].push_back(camera);
  std::vector<Moved> moved;
  std::size_t asked = 0;
  for (const auto& [device, cameras] : matches) {
    if (stop.stop_requested() || ++asked > kMaxAsked) break;
    std::ranges::move(ask(cameras, *device, stop), std::back_inserter(moved));
  }
  control_.post([this, lost, moved = std::move(moved)] { finish(lost, moved); });
}

std::vector<CameraSearch::Moved> CameraSearch::ask(const std::vector<Camera>& lost,
                                                   const onvif::FoundDevice& device,
                                                   const std::stop_token& stop) {
  const auto& first = lost.front();
  const auto refuse = [&](const Error& error) {
    log::get().warn("camera {} may be at {} now, but: {}", first.id, device.ip, error.message);
    return std::vector<Moved>();
  };
  auto there = first;
  there.ip = device.ip;
  there.onvif_url = device.xaddrs.front();
  const auto access = cameras_.onvif_of(there);
  if (!access) return refuse(access.error());
  if (auto allowed = refusals_.check(*access, Clock::now()); !allowed) return {};
  onvif::InterrogateOptions how;
  how.credentials = access->credentials;
  how.tls_pin = access->tls_pin;
  discover::Answer answer{access->request, access->credentials, {}};
  answer.device =
      onvif::interrogate({device.xaddrs, device.ip, device.endpoint, device.name, device.mac}, how, stop);
  if (!answer.device) {
    if (answer.device.error().code == ErrorCode::kAuth) refusals_.add(*access, Clock::now());
    return refuse(answer.device.error());
  }
  const auto told = discover::cameras_of(answer, /*keep_credentials=*/false);
  std::vector<Moved> moved;
  for (const auto& camera : lost) {
    auto entry = moved_entry(camera, told);
    if (entry)
      moved.push_back({camera, std::move(*entry)});
    else
      refuse(entry.error());
  }
  return moved;
}

void CameraSearch::finish(const std::vector<Camera>& lost, const std::vector<Moved>& found) {
  searching_ = false;
  const auto now = Clock::now();
  next_ = now + kBetween;
  for (const auto& camera : lost) {
    const auto known = away_.find(camera.id);
    if (known == away_.end()) continue;
    auto& away = known->second;
    if (away.back) {
      away_.erase(known);
      continue;
    }
    const auto wait =
        std::min<Clock::duration>(kFirstAgain * (1u << std::min(away.tries, 6u)), kLongestAgain);
    away.again = now + wait;
    ++away.tries;
  }
  log::get().debug("{} of {} that were looked for are somewhere else", found.size(), lost.size());
  for (const auto& one : found)
    log::get().info("camera {} is at {} now (it was at {})", one.before.id, one.after.ip, one.before.ip);
  if (!found.empty()) moved_(found);
}

void CameraSearch::end() {
  timer_.cancel();
  thread_.request_stop();
}

bool CameraSearch::stop(Clock::time_point deadline) {
  while (running_) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace camctl::apps::serve
