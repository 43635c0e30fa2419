#include "base/os/port_owner.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/number.h"
#include "base/text.h"

namespace camctl::os {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTable = 64u << 20;  // 150 bytes for each of 400,000 sockets
constexpr std::size_t kMaxName = 4096;

// Whether the process has one of these sockets among its descriptors.
bool holds(const fs::path& process, const std::vector<std::uint64_t>& inodes) {
  constexpr std::string_view kPrefix = "socket:[";
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const std::string link = fs::read_symlink(entry->path(), gone).string();
    if (gone || !link.starts_with(kPrefix)) continue;
    const auto inode = parse_number<std::uint64_t>(
        std::string_view(link).substr(kPrefix.size(), link.size() - kPrefix.size() - 1));
    if (inode && std::find(inodes.begin(), inodes.end(), *inode) != inodes.end()) return true;
  }
  return false;
}

std::string program_of(const fs::path& process) {
  const auto name = read_file(process / "comm", kMaxName);
  return name ? std::string(text::trim(*name)) : std::string("?");
}

template <class Fits>
std::optional<int> find_process(const Fits& fits) {
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error))
    if (const auto pid = parse_number<int>(entry->path().filename().string()); pid && fits(entry->path()))
      return pid;
  return std::nullopt;
}

}  // namespace

// "  0: 0100007F:1F90 00000000:0000 0A … inode …" (proc(5)).
std::vector<std::uint64_t> sockets_at(std::string_view table, Transport transport, std::uint16_t port) {
  constexpr std::size_t kLocal = 1, kState = 3, kInode = 9;
  constexpr std::string_view kListening = "0A";
  std::vector<std::uint64_t> inodes;
  for (const auto line : text::split(table, "\n")) {
    const auto fields = text::split(line, " ");
    if (fields.size() <= kInode) continue;
    const auto colon = fields[kLocal].rfind(':');
    if (colon == std::string_view::npos) continue;
    if (parse_number<std::uint16_t>(fields[kLocal].substr(colon + 1), 16) != port) continue;
    if (transport == Transport::kTcp && fields[kState] != kListening) continue;
    if (const auto inode = parse_number<std::uint64_t>(fields[kInode]); inode && *inode != 0)
      inodes.push_back(*inode);
  }
  return inodes;
}

std::optional<PortOwner> port_owner(Transport transport, std::uint16_t port) {
  std::vector<std::uint64_t> inodes;
  for (const char* version : {"", "6"}) {
    const fs::path table =
        std::string("/proc/net/") + (transport == Transport::kTcp ? "tcp" : "udp") + version;
    if (const auto content = read_file(table, kMaxTable))
      for (const auto inode : sockets_at(*content, transport, port)) inodes.push_back(inode);
  }
  if (inodes.empty()) return std::nullopt;
  const auto process = find_process([&](const fs::path& one) { return holds(one, inodes); });
  if (!process) return std::nullopt;
  return PortOwner{*process, program_of("/proc/" + std::to_string(*process))};
}

std::optional<int> process_named(std::string_view program) {
  return find_process([&](const fs::path& one) { return program_of(one) == program; });
}

}  // namespace camctl::os
