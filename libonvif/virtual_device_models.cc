#include "libonvif/virtual_device_models.h"

#include <algorithm>

namespace camctl::onvif {

const std::vector<VirtualModel>& virtual_models() {
  using enum VirtualAuth;
  static const std::vector<VirtualModel> models = {
      {"axis", "AXIS", "M1065-L", kDigest, {10, 25, 64, 66, 73, 86, 87}},
      {"bosch", "Bosch", "FLEXIDOME IP panoramic 7000", kWsse, {10, 53, 75, 86, 93}},
      {"dahua", "Dahua", "IPC-HFW5442T", kBoth, {68, 77, 82}},
      {"dlink", "D-Link", "DCS-8635LH", kWsse, {1, 70}},
      {"dvc", "DVC", "DRN-3282R", kWsse, {26, 69, 74}},
      {"hikvision", "HIKVISION", "DS-2CD2143G0-I", kDigest, {6, 36, 50, 52, 57, 72}},
      {"illustra", "Illustra", "Pro4", kWsse, {31}},
      {"lorex", "Lorex", "E893AB", kWsse, {54, 68, 82}},
      {"onvif-srvd", "onvif_srvd", "v2.0", kNone, {39, 60, 66, 76}},
      {"panasonic", "Panasonic", "WV-S1131", kWsse, {45, 65}},
      {"pelco", "Pelco", "Sarix IMP", kWsse, {29}},
      {"reolink", "Reolink", "E1 Zoom", kWsse, {20, 30, 38, 82, 84}},
      {"rpos", "rpos", "RPOS Pi", kWsse, {1, 20, 27, 65}},
      {"sony", "Sony", "SRG-XP1", kDigest, {50, 94}},
      {"tapo", "tp-link", "Tapo C200", kWsse, {33, 42, 79}},
      {"thingino", "thingino", "Wyze Cam v3", kWsse, {33, 71}},
      {"xiongmai", "H264", "XM530", kWsse, {39, 80, 85, 94}},
  };
  return models;
}

VirtualAuth auth_of(const std::set<int>& quirks) {
  constexpr int kByToken[] = {44, 45, 46, 52, 53, 54, 55, 56, 57, 58, 59, 61, 65};
  constexpr int kByDigest[] = {49, 50, 51};
  const auto any = [&](const auto& numbers) {
    return std::ranges::any_of(numbers, [&](int number) { return quirks.contains(number); });
  };
  if (any(kByDigest)) return VirtualAuth::kDigest;
  return any(kByToken) ? VirtualAuth::kWsse : VirtualAuth::kNone;
}

}  // namespace camctl::onvif
