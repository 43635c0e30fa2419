// Who holds a port of this host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camctl::os {

struct PortOwner {
  int pid = 0;
  std::string program;  // as `ps` names it, 15 characters at most
};

enum class Transport : std::uint8_t { kTcp, kUdp };

// The first process that listens on that TCP port or holds that UDP port, at any address. Nothing where none
// is found: another user's processes are seen by root only.
std::optional<PortOwner> port_owner(Transport transport, std::uint16_t port);

// A process that runs this program; seen whoever's it is.
std::optional<int> process_named(std::string_view program);

// The inodes of such sockets in a table as /proc/net/tcp has it.
std::vector<std::uint64_t> sockets_at(std::string_view table, Transport transport, std::uint16_t port);

}  // namespace camctl::os
