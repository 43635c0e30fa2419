// What `camctl doctor` finds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace camctl::doctor {

// A warning is what may be as it should; what failed keeps a program from its work.
enum class Status : std::uint8_t { kOk, kWarning, kFailed };

struct Finding {
  std::string check;    // "multicast"
  std::string subject;  // what was looked at: "eth0"; empty where there is but one
  Status status = Status::kOk;
  std::string message;  // how it is
  std::string hint;     // what to do; empty if nothing is
};
using Findings = std::vector<Finding>;

}  // namespace camctl::doctor
