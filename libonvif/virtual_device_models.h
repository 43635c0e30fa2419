// Bundles of quirks: how devices of some makers behave, as far as it was seen or reported (onvif-notes.md A).
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "libonvif/virtual_device.h"

namespace camctl::onvif {

struct VirtualModel {
  std::string_view name;  // of `camctl simulate --model`
  std::string_view manufacturer, model;
  VirtualAuth auth = VirtualAuth::kNone;  // what it demands
  std::set<int> quirks;
};

// By name. A device of a model shows these quirks besides those that are asked for.
const std::vector<VirtualModel>& virtual_models();

// What devices with these quirks demand where nothing else is said: a quirk of authentication shows only
// there. kNone where it does not matter.
VirtualAuth auth_of(const std::set<int>& quirks);

}  // namespace camctl::onvif
