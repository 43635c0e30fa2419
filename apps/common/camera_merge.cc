#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "apps/common/camera.h"

namespace camctl::apps {
namespace {

bool differ(const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; }

// Serial numbers say something only together with who made the thing.
bool same_serial(const Camera& a, const Camera& b) {
  return !a.serial.empty() && a.serial == b.serial && !differ(a.manufacturer, b.manufacturer) &&
         !differ(a.model, b.model);
}

// What both know rules out that they are one device.
bool contradict(const Camera& a, const Camera& b) {
  return differ(a.mac, b.mac) || differ(a.serial, b.serial);
}

struct Rule {
  std::function<bool(const Camera&, const Camera&)> same;
  // Only a pair that fits nobody else: the rule's key is shared by some devices (quirk 18).
  bool unique;
};

// Strongest first. Addresses come before endpoints because some devices change theirs at every start
// (quirk 19), and the stream before the address because a recorder has many cameras behind one.
const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {[](const Camera& a, const Camera& b) {
         return a.ip == b.ip && !a.rtsp_url.empty() && a.rtsp_url == b.rtsp_url && !contradict(a, b);
       },
       false},
      {[](const Camera& a, const Camera& b) {
         return !a.endpoint.empty() && a.endpoint == b.endpoint && a.ip == b.ip && a.port == b.port;
       },
       true},
      {[](const Camera& a, const Camera& b) { return a.ip == b.ip && a.port == b.port && !contradict(a, b); },
       true},
      {[](const Camera& a, const Camera& b) {
         return !a.endpoint.empty() && a.endpoint == b.endpoint && !contradict(a, b);
       },
       true},
      {[](const Camera& a, const Camera& b) { return same_serial(a, b) && !differ(a.mac, b.mac); }, true},
      {[](const Camera& a, const Camera& b) { return !a.mac.empty() && a.mac == b.mac; }, true},
  };
  return kRules;
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// For each found camera, the known one that it is.
std::vector<std::size_t> match(const std::vector<Camera>& known, const std::vector<Camera>& found) {
  std::vector<std::size_t> partner(found.size(), kNone);
  std::vector<bool> used(known.size(), false);
  for (const Rule& rule : rules()) {
    std::vector<std::vector<std::size_t>> fits(found.size());
    std::vector<std::size_t> claims(known.size(), 0);
    for (std::size_t f = 0; f < found.size(); ++f)
      for (std::size_t k = 0; partner[f] == kNone && k < known.size(); ++k)
        if (!used[k] && rule.same(known[k], found[f])) {
          fits[f].push_back(k);
          ++claims[k];
        }
    for (std::size_t f = 0; f < found.size(); ++f)
      for (std::size_t k : fits[f]) {
        if (used[k] || (rule.unique && (fits[f].size() > 1 || claims[k] > 1))) continue;
        partner[f] = k;
        used[k] = true;
        break;
      }
  }
  return partner;
}

void take(std::string& into, std::string& from) {
  if (!from.empty()) into = std::move(from);
}

// The known camera brought up to date: what was not found again stays.
void update(Camera& known, Camera found) {
  take(known.ip, found.ip);
  if (found.port != 0) known.port = found.port;
  if (known.name.empty()) known.name = std::move(found.name);
  take(known.rtsp_url, found.rtsp_url);
  take(known.profile_name, found.profile_name);
  take(known.endpoint, found.endpoint);
  take(known.manufacturer, found.manufacturer);
  take(known.model, found.model);
  take(known.firmware, found.firmware);
  take(known.serial, found.serial);
  take(known.mac, found.mac);
  take(known.onvif_url, found.onvif_url);
  take(known.snapshot_url, found.snapshot_url);
  take(known.tls_pin, found.tls_pin);
  if (known.onvif_tls_pin.empty()) known.onvif_tls_pin = std::move(found.onvif_tls_pin);  // the first counts
  if (found.ptz) known.ptz = found.ptz;
  if (found.events) known.events = found.events;
  if (!found.profiles.empty()) known.profiles = std::move(found.profiles);
  if (!found.credentials.empty()) known.credentials = std::move(found.credentials);
  if (found.extra.is_object()) known.extra.update(found.extra);
}

}  // namespace

std::vector<Camera> merge_cameras(std::vector<Camera> known, std::vector<Camera> found, bool prune) {
  const std::vector<std::size_t> partner = match(known, found);
  std::vector<bool> seen(known.size(), false);
  std::set<std::string> ids;
  for (const Camera& camera : known) ids.insert(camera.id);
  std::vector<Camera> added;
  for (std::size_t f = 0, next = 0; f < found.size(); ++f) {
    if (partner[f] != kNone) {
      seen[partner[f]] = true;
      update(known[partner[f]], std::move(found[f]));
      continue;
    }
    Camera camera = std::move(found[f]);
    do camera.id = fmt::format("stream_{}", next++);
    while (!ids.insert(camera.id).second);
    camera.hls_url = fmt::format("/hls/{}/playlist.m3u8", camera.id);
    added.push_back(std::move(camera));
  }
  std::vector<Camera> merged;
  for (std::size_t k = 0; k < known.size(); ++k)
    if (seen[k] || !prune) merged.push_back(std::move(known[k]));
  std::move(added.begin(), added.end(), std::back_inserter(merged));
  return merged;
}

}  // namespace camctl::apps
