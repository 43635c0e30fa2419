#include "base/os/neighbours.h"

#include "base/atomic_file.h"
#include "base/text.h"

namespace camctl::os {
namespace {

constexpr std::size_t kMaxTable = 4u << 20;  // 50,000 lines of 80 bytes

}  // namespace

std::string hardware_address_in(std::string_view table, const IpAddress& address) {
  // Columns: address, type, flags, hardware address, mask, device. All zeroes: not resolved.
  for (std::string_view line : text::split(table, "\n")) {
    const auto columns = text::split(line, " \t");
    if (columns.size() < 4 || columns[3] == "00:00:00:00:00:00") continue;
    const auto found = IpAddress::parse(columns[0]);
    if (found && *found == address) return text::lower(columns[3]);
  }
  return {};
}

std::string hardware_address(const IpAddress& address) {
  const auto table = read_file("/proc/net/arp", kMaxTable);
  return table ? hardware_address_in(*table, address) : std::string();
}

}  // namespace camctl::os
