// What virtual devices with quirks of WS-Discovery do.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libonvif/virtual_device_discovery.h"

namespace camctl::onvif {

// All that `camctl simulate --quirk` takes: those of all_quirks() that are simulated.
std::set<int> virtual_quirks();

// Whether a device with these quirks leaves the query unanswered: 1 to 5, 22, 23.
bool leaves_unanswered(const DiscoveryQuery& query, bool multicast, const std::set<int>& quirks);

// Changes what answers a query as the quirks 6 to 9 say.
void malform_discovery(std::string& message, const DiscoveryQuery& query, const std::set<int>& quirks);

// The scopes as one text, apart by spaces, or as quirk 20 has it.
std::string scopes_text(const std::vector<std::string>& scopes, const std::set<int>& quirks);

}  // namespace camctl::onvif
