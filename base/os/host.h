// What the system says of itself: its clock, its kernel, what it allows this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace camctl::os {

// Whether something keeps the system's clock right (NTP, PTP); nothing where the system doesn't tell.
std::optional<bool> clock_is_synchronised();

// "Linux 6.1.0-18-amd64", of the running kernel.
std::string kernel_version();

// From now on no core file holds this process's memory, in which passwords are, and other programs of the
// same user can't look into it.
void refuse_core_files();

// How many descriptors this process may have after raise_descriptor_limit().
std::uint64_t most_descriptors();

}  // namespace camctl::os
