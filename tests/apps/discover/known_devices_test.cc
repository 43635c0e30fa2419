#include "apps/discover/known_devices.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::discover;

namespace {

constexpr const char *kMac = "aa:bb:cc:00:11:22", *kOtherMac = "aa:bb:cc:00:11:23", *kEndpoint = "urn:uuid:1";

apps::CredentialEntry entry(const std::string& user, apps::CameraIdentity who) {
  apps::CredentialEntry made;
  made.host = who.host;
  made.endpoint = who.endpoint;
  made.serial = who.serial;
  made.mac = who.mac;
  made.credentials = {user, Secret("pw")};
  return made;
}

Request request(const std::string& ip, const std::string& endpoint = {}, const std::string& mac = {}) {
  Request made;
  made.target = {{"http://" + ip + ":80/"}, ip, endpoint, {}, mac};
  return made;
}

apps::Camera known() {
  apps::Camera camera;
  camera.ip = "192.0.2.1";
  camera.serial = "SN7";
  camera.mac = kMac;
  camera.endpoint = kEndpoint;
  camera.credentials = {"kept", Secret("pw")};
  return camera;
}

}  // namespace

TEST_CASE("a device's own words, the command line, the configuration, cameras.json, in this order") {
  auto asked = request("192.0.2.1");
  const KnownDevices all({"given", Secret("pw")}, {entry("listed", {"192.0.2.1", {}, {}, {}})}, {known()});
  CHECK(all.credentials_for(asked).user == "given");
  asked.credentials = {"own", Secret("pw")};
  CHECK(all.credentials_for(asked).user == "own");
  asked.credentials = {};
  CHECK(
      KnownDevices({}, {entry("listed", {"192.0.2.1", {}, {}, {}})}, {known()}).credentials_for(asked).user ==
      "listed");
  CHECK(KnownDevices({}, {}, {known()}).credentials_for(asked).user == "kept");
  CHECK(KnownDevices({}, {}, {}).credentials_for(asked).empty());
}

TEST_CASE("a device at a new address gets what belongs to it") {
  const KnownDevices by_mac({}, {entry("mac", {{}, {}, {}, kMac})}, {});
  CHECK(by_mac.credentials_for(request("198.51.100.9", {}, kMac)).user == "mac");
  CHECK(by_mac.credentials_for(request("198.51.100.9", {}, kOtherMac)).empty());
  CHECK(by_mac.credentials_for(request("198.51.100.9")).empty());
  // Its serial number is known from an earlier run.
  const KnownDevices by_serial({}, {entry("serial", {{}, {}, "SN7", {}})}, {known()});
  CHECK(by_serial.credentials_for(request("198.51.100.9", {}, kMac)).user == "serial");
  CHECK(by_serial.credentials_for(request("198.51.100.9", kEndpoint)).user == "serial");
  CHECK(by_serial.credentials_for(request("192.0.2.1")).user == "serial");
  CHECK(by_serial.credentials_for(request("198.51.100.9")).empty());
}

TEST_CASE("another device at a camera's old address gets nothing of it") {
  const KnownDevices choose({}, {entry("serial", {{}, {}, "SN7", {}})}, {known()});
  CHECK(choose.credentials_for(request("192.0.2.1", {}, kOtherMac)).empty());
  CHECK(choose.credentials_for(request("198.51.100.9", kEndpoint, kOtherMac)).empty());
}

TEST_CASE("an entry that was written over HTTP lends nobody an identity") {
  auto camera = known();
  camera.credentials = {};
  camera.extra[apps::kAddedBy] = "api";
  const KnownDevices choose({}, {entry("serial", {{}, {}, "SN7", {}})}, {camera});
  CHECK(choose.credentials_for(request("192.0.2.1")).empty());
}

TEST_CASE("a name is looked up as it was given") {
  Request asked;
  asked.host = "door.example";
  asked.target.ip = "192.0.2.1";
  const KnownDevices choose({}, {entry("name", {"door.example", {}, {}, {}})}, {});
  CHECK(choose.credentials_for(asked).user == "name");
}

TEST_CASE("the key that a device showed before") {
  auto camera = known();
  const std::string pin = "sha256//" + std::string(43, 'A') + "=";
  camera.onvif_tls_pin = pin;
  const auto told = [](const apps::Camera& of, const Request& asked) {
    return KnownDevices({}, {}, {of}).key_of(asked);
  };
  CHECK(told(camera, request("192.0.2.1")).value()->pin.to_string() == pin);
  CHECK(told(camera, request("198.51.100.9", {}, kMac)).value()->pin.to_string() == pin);
  CHECK_FALSE(told(camera, request("192.0.2.1")).value()->https_only);
  camera.onvif_url = "https://192.0.2.1/";
  CHECK(told(camera, request("192.0.2.1")).value()->https_only);
  CHECK_FALSE(told(camera, request("198.51.100.9")).value());
  CHECK_FALSE(told(known(), request("192.0.2.1")).value());
  camera.onvif_tls_pin = "x";
  CHECK(told(camera, request("192.0.2.1")).error().code == ErrorCode::kConfig);
}
