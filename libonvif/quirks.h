// The oddities of real devices, by their numbers in onvif-notes.md: one table for all programs.
#pragma once

#include <string_view>
#include <vector>

namespace camctl::onvif {

struct Quirk {
  int number;
  std::string_view shows;  // what such a device does, for people
  bool simulated = true;   // `camctl simulate --quirk` has it
};

// All of them, by number.
const std::vector<Quirk>& all_quirks();

// What devices with this quirk do; empty for a number that none has.
std::string_view quirk_text(int number);

}  // namespace camctl::onvif
