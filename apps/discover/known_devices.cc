#include "apps/discover/known_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/url.h"

namespace camctl::discover {
namespace {

bool agree(const std::string& a, const std::string& b) { return !a.empty() && text::iequals(a, b); }
bool differ(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && !text::iequals(a, b);
}

std::string host_of(const Request& request) {
  if (!request.target.ip.empty()) return request.target.ip;
  if (!request.host.empty() || request.target.xaddrs.empty()) return request.host;
  const auto url = Url::parse(request.target.xaddrs.front());
  return url ? url->host : std::string();
}

}  // namespace

KnownDevices::KnownDevices(Credentials given, std::vector<apps::CredentialEntry> configured,
                           std::vector<apps::Camera> known)
    : given_(std::move(given)), configured_(std::move(configured)), known_(std::move(known)) {}

// The entry of cameras.json that this device is, as far as that is known before it is asked: at its old
// address, or at a new one by what the scan saw of it.
const apps::Camera* KnownDevices::known_as(const onvif::DeviceTarget& target, const std::string& host) const {
  const auto same = [&](const apps::Camera& camera) {
    if (differ(camera.mac, target.mac)) return false;
    return agree(camera.mac, target.mac) || agree(camera.endpoint, target.endpoint);
  };
  auto found = std::ranges::find_if(known_, same);
  if (found == known_.end())
    found = std::ranges::find_if(known_, [&](const apps::Camera& camera) {
      return camera.ip == host && !differ(camera.mac, target.mac);
    });
  return found == known_.end() ? nullptr : &*found;
}

Credentials KnownDevices::credentials_for(const Request& request) const {
  if (!request.credentials.empty()) return request.credentials;
  if (!given_.empty()) return given_;
  const auto& target = request.target;
  apps::CameraIdentity identity{host_of(request), target.endpoint, {}, target.mac};
  const apps::Camera* known = known_as(target, identity.host);
  if (known != nullptr) {
    const auto as_known = apps::identity_of(*known, known->ip);
    identity.serial = as_known.serial;
    if (identity.endpoint.empty()) identity.endpoint = as_known.endpoint;
    if (identity.mac.empty()) identity.mac = as_known.mac;
  }
  if (auto found = apps::find_credentials(configured_, identity)) return std::move(*found);
  // A host as it was given may be a name, which is what the configuration knows.
  if (request.host != identity.host && !request.host.empty())
    if (auto found = apps::find_credentials(configured_, request.host)) return std::move(*found);
  return known == nullptr ? Credentials{} : known->credentials;
}

Result<std::optional<KnownKey>> KnownDevices::key_of(const Request& request) const {
  const apps::Camera* known = known_as(request.target, host_of(request));
  if (known == nullptr || known->onvif_tls_pin.empty()) return std::nullopt;
  auto pin = tls::KeyPin::parse(known->onvif_tls_pin);
  if (!pin) return fail(fmt::format("camera {}: onvif_tls_pin", known->id), pin.error());
  return KnownKey{*pin, known->onvif_url.starts_with("https:")};
}

}  // namespace camctl::discover
