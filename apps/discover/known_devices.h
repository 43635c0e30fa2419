// What is known of a device before it is asked: the credentials for it, and the TLS key that it must have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/common/camera.h"
#include "apps/common/config.h"
#include "apps/discover/targets.h"
#include "base/tls.h"

namespace camctl::discover {

// The key that a device showed over https when it was first asked.
struct KnownKey {
  tls::KeyPin pin;
  bool https_only = true;  // its address was https; else plain HTTP led there (quirk 41)
};

// Immutable, so thread-safe. The more a request's target says (address, endpoint, MAC address), the better.
class KnownDevices {
 public:
  KnownDevices(Credentials given, std::vector<apps::CredentialEntry> configured,
               std::vector<apps::Camera> known);

  // Those of its URL, of the command line, of the configuration, or those that cameras.json keeps for it, in
  // this order.
  Credentials credentials_for(const Request& request) const;
  // Nothing if it is not known by a key. kConfig for a bad one.
  Result<std::optional<KnownKey>> key_of(const Request& request) const;

 private:
  const apps::Camera* known_as(const onvif::DeviceTarget& target, const std::string& host) const;

  Credentials given_;
  std::vector<apps::CredentialEntry> configured_;
  std::vector<apps::Camera> known_;
};

}  // namespace camctl::discover
