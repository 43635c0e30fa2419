#include "apps/serve/devices/found_again.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

Camera camera(const std::string& id, const std::string& ip, const std::string& endpoint) {
  Camera result;
  result.id = id;
  result.ip = ip;
  result.port = 8000;
  result.endpoint = endpoint;
  result.onvif_url = "http://" + ip + ":8000/onvif/device_service";
  result.rtsp_url = "rtsp://" + ip + "/live";
  return result;
}

onvif::FoundDevice device(const std::string& ip, const std::string& endpoint, const std::string& mac = {}) {
  onvif::FoundDevice result;
  result.ip = ip;
  result.port = 8000;
  result.endpoint = endpoint;
  result.mac = mac;
  result.xaddrs = {"http://" + ip + ":8000/onvif/device_service"};
  return result;
}

// The address of what is found; empty: nothing.
std::string found_at(const Camera& lost, const std::vector<Camera>& all,
                     const std::vector<onvif::FoundDevice>& found) {
  const auto* match = find_again(lost, all, found);
  return match ? match->ip : "";
}

TEST_CASE("a camera is found by its endpoint or its MAC address") {
  auto lost = camera("a", "10.0.0.1", "urn:uuid:a");
  CHECK(found_at(lost, {lost}, {device("10.0.0.9", "urn:uuid:x"), device("10.0.0.7", "urn:uuid:a")}) ==
        "10.0.0.7");
  lost.mac = "02:00:00:00:00:0a";
  CHECK(found_at(lost, {lost}, {device("10.0.0.7", "urn:uuid:a")}) == "10.0.0.7");
  // Quirk 19: another endpoint at each start.
  CHECK(found_at(lost, {lost}, {device("10.0.0.7", "urn:uuid:new", "02:00:00:00:00:0A")}) == "10.0.0.7");
  CHECK(found_at(lost, {lost}, {device("10.0.0.7", "urn:uuid:new")}).empty());
}

TEST_CASE("what contradicts is another device") {
  auto lost = camera("a", "10.0.0.1", "urn:uuid:a");
  lost.mac = "02:00:00:00:00:0a";
  CHECK(found_at(lost, {lost}, {device("10.0.0.7", "urn:uuid:a", "02:00:00:00:00:0b")}).empty());
}

TEST_CASE("a camera that answers where it was has not moved") {
  const auto lost = camera("a", "10.0.0.1", "urn:uuid:a");
  CHECK(found_at(lost, {lost}, {device("10.0.0.1", "urn:uuid:a")}).empty());
  CHECK(found_at(lost, {lost}, {device("10.0.0.7", "urn:uuid:a"), device("10.0.0.1", "urn:uuid:a")}).empty());
  // Another that answers at its old address is not it, and no reason not to look on.
  CHECK(found_at(lost, {lost}, {device("10.0.0.1", "urn:uuid:x")}).empty());
  CHECK(found_at(lost, {lost}, {device("10.0.0.1", "urn:uuid:x"), device("10.0.0.7", "urn:uuid:a")}) ==
        "10.0.0.7");
}

TEST_CASE("quirk 18: one endpoint, several devices") {
  const auto lost = camera("a", "10.0.0.1", "urn:uuid:same"),
             other = camera("b", "10.0.0.2", "urn:uuid:same");
  CHECK(found_at(lost, {lost, other}, {device("10.0.0.2", "urn:uuid:same")}).empty());
  CHECK(found_at(lost, {lost, other},
                 {device("10.0.0.2", "urn:uuid:same"), device("10.0.0.3", "urn:uuid:same")}) == "10.0.0.3");
  CHECK(found_at(lost, {lost}, {device("10.0.0.2", "urn:uuid:same"), device("10.0.0.3", "urn:uuid:same")})
            .empty());
}

TEST_CASE("two cameras that have changed places") {
  const auto a = camera("a", "10.0.0.1", "urn:uuid:a"), b = camera("b", "10.0.0.2", "urn:uuid:b");
  const std::vector<onvif::FoundDevice> found = {device("10.0.0.2", "urn:uuid:a"),
                                                 device("10.0.0.1", "urn:uuid:b")};
  CHECK(found_at(a, {a, b}, found) == "10.0.0.2");
  CHECK(found_at(b, {a, b}, found) == "10.0.0.1");
}

Camera told(const std::string& ip, const std::string& token, const std::string& serial) {
  auto result = camera("", ip, "urn:uuid:a");
  result.serial = serial;
  result.rtsp_url += "/" + token;
  result.profiles.push_back({.token = token,
                             .name = {},
                             .rtsp_url = result.rtsp_url,
                             .snapshot_url = {},
                             .video = {},
                             .audio = {}});
  return result;
}

TEST_CASE("the entry gets the new address and keeps its id and name") {
  auto lost = told("10.0.0.1", "two", "S1");
  lost.id = "stream_4";
  lost.name = "Door";
  const auto moved = moved_entry(lost, {told("10.0.0.7", "one", "S1"), told("10.0.0.7", "two", "S1")});
  REQUIRE(moved);
  CHECK(moved->id == "stream_4");
  CHECK(moved->name == "Door");
  CHECK(moved->ip == "10.0.0.7");
  CHECK(moved->rtsp_url == "rtsp://10.0.0.7/live/two");  // of a recorder, the same channel
  CHECK(moved->onvif_url == "http://10.0.0.7:8000/onvif/device_service");
  CHECK(moved_entry(lost, {told("10.0.0.7", "renamed", "S1")})->rtsp_url == "rtsp://10.0.0.7/live/renamed");
  const auto none = moved_entry(lost, {told("10.0.0.7", "one", "S1"), told("10.0.0.7", "three", "S1")});
  CHECK(none.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a device with another serial number is not believed") {
  auto lost = told("10.0.0.1", "one", "S1");
  lost.id = "stream_0";
  CHECK(moved_entry(lost, {told("10.0.0.7", "one", "S2")}).error().code == ErrorCode::kAuth);
  auto other_mac = told("10.0.0.7", "one", "S1");
  lost.mac = "02:00:00:00:00:0a";
  other_mac.mac = "02:00:00:00:00:0b";
  CHECK(moved_entry(lost, {other_mac}).error().code == ErrorCode::kAuth);
}

}  // namespace
}  // namespace camctl::apps::serve
