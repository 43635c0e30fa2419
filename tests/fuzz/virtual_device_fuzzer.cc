// VirtualDevice: any SOAP request and any datagram is answered or refused, never a crash. The first byte
// chooses the device's authentication and quirks; a body that names a target line is taken as is.
#include <cstdint>
#include <set>
#include <string_view>

#include "libonvif/virtual_device.h"

using namespace camctl::onvif;

namespace {
VirtualDeviceConfig config_for(std::uint8_t choice) {
  VirtualDeviceConfig config;
  config.endpoint = "urn:uuid:11111111-2222-8333-8444-555555555555";
  config.name = "fuzz";
  config.address = "127.0.0.2";
  config.auth = static_cast<VirtualAuth>(choice & 3);
  config.credentials = {"admin", camctl::Secret("admin")};
  config.nat = (choice & 4) != 0;
  if (choice & 8) config.quirks = virtual_device_quirks();
  // Those that judge what came.
  static const std::set<int> kPicky[] = {{},       {29, 43}, {30, 32},     {31, 34, 54},
                                         {50, 51}, {52, 57}, {53, 55, 61}, {42, 56, 60, 63, 71, 83}};
  config.quirks.insert(kPicky[choice >> 5].begin(), kPicky[choice >> 5].end());
  config.profiles.resize(2);
  config.profiles[0].token = "P1";
  return config;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  VirtualDevice device(config_for(data[0]));
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto line = text.substr(0, text.find('\n'));
  auto reply = device.handle({"POST", kDevicePath, "application/soap+xml", line, text});
  if (reply.later) reply.later();
  device.handle({"POST", "/onvif/subscription/1", "application/soap+xml", line, text});
  device.probe_matches(text);
  return 0;
}
