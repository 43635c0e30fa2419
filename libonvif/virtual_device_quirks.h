// The quirks of onvif-notes.md that virtual devices show on demand.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libonvif/virtual_device_discovery.h"

namespace camctl::onvif {

struct VirtualQuirk {
  int number;              // in onvif-notes.md
  std::string_view shows;  // what such a device does, for people
};

// All that `camctl simulate --quirk` takes, by number: those of discovery (A1) and virtual_device_quirks().
const std::vector<VirtualQuirk>& virtual_quirks();

// Whether a device with these quirks leaves the query unanswered: 1 to 5, 22, 23.
bool leaves_unanswered(const DiscoveryQuery& query, bool multicast, const std::set<int>& quirks);

// Changes what answers a query as the quirks 6 to 9 say.
void malform_discovery(std::string& message, const DiscoveryQuery& query, const std::set<int>& quirks);

// The scopes as one text, apart by spaces, or as quirk 20 has it.
std::string scopes_text(const std::vector<std::string>& scopes, const std::set<int>& quirks);

}  // namespace camctl::onvif
