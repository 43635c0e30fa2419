#include "libonvif/virtual_device_identity.h"

#include <doctest/doctest.h>

#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl::onvif;
using namespace std::chrono_literals;

TEST_CASE("virtual device: addresses") {
  auto config = test_device();
  CHECK(virtual_http_url(config, "/x") == "http://127.0.0.2:8000/x");
  config.address = "fd00::1";
  CHECK(virtual_http_url(config, "/x") == "http://[fd00::1]:8000/x");
  CHECK(virtual_rtsp_url(config, config.profiles[1]) == "rtsp://[fd00::1]:5543/live/channel1");
  config.nat = true;
  CHECK(virtual_http_url(config, "/x") == "http://192.0.2.1:8000/x");
  config.profiles[0].token = "a b&c";
  CHECK(virtual_snapshot_url(config, config.profiles[0]) ==
        "http://192.0.2.1:8000/snapshot.jpg?profile=a%20b%26c");
}

TEST_CASE("virtual device: scopes leave out what is not set") {
  VirtualDeviceConfig config;
  config.name = "Käse 1";
  config.model.clear();
  const auto scopes = virtual_scopes(config);
  CHECK(scopes.size() == 5);
  CHECK(scopes.back() == "onvif://www.onvif.org/name/K%C3%A4se%201");
}

TEST_CASE("virtual device: its clock") {
  auto config = test_device();
  config.clock_skew = -90s;
  CHECK(virtual_now(config) == kTestTime - 90s);
}
