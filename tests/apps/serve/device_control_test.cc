#include "apps/serve/devices/device_control.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

device::Device camera() {
  device::Device device;
  device.id = "stream_0";
  device.request.target.xaddrs = {"https://192.0.2.1/onvif/device_service"};
  device.credentials = {"admin", Secret("secret")};
  return device;
}

TEST_CASE("a camera that is asked in another way gets another line") {
  Refusals refusals;
  DeviceControl control(refusals);
  const auto first = control.line(camera());
  CHECK(control.line(camera()) == first);
  auto moved = camera();
  moved.request.target.xaddrs = {"https://192.0.2.2/onvif/device_service"};
  const auto second = control.line(moved);
  CHECK(second != first);
  auto trusted = moved;  // its new key, by `discover --trust-new-keys`
  trusted.tls_pin = tls::KeyPin::of_public_key({});
  const auto third = control.line(trusted);
  CHECK(third != second);
  trusted.credentials = {"admin", Secret("corrected")};
  CHECK(control.line(trusted) != third);
  control.end();
  CHECK(control.stop(std::chrono::steady_clock::now() + std::chrono::seconds(5)));
}

}  // namespace
}  // namespace camctl::apps::serve
