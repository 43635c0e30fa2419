#include "base/os/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/number.h"
#include "base/os/fd.h"

namespace camctl::os {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// sd_watchdog_enabled(3): the variables may be a parent's, left over.
std::optional<std::chrono::microseconds> watchdog_of_environment() {
  const auto usec = parse_number<std::uint64_t>(variable("WATCHDOG_USEC"));
  const auto pid = variable("WATCHDOG_PID");
  const bool ours = pid.empty() || parse_number<std::uint64_t>(pid) == static_cast<std::uint64_t>(::getpid());
  constexpr std::uint64_t kLongest = 1'000'000ull * 3600 * 24 * 365;
  if (!ours || !usec || *usec == 0 || *usec > kLongest) return std::nullopt;
  return std::chrono::microseconds(*usec);
}

}  // namespace

ServiceManager::ServiceManager() : socket_(variable("NOTIFY_SOCKET")), watchdog_(watchdog_of_environment()) {
  sockaddr_un address{};
  const bool known = socket_.starts_with('/') || socket_.starts_with('@');
  if (!known || socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) socket_.clear();
}

void ServiceManager::notify(std::string_view state) const {
  if (socket_.empty()) return;
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(socket_.begin(), socket_.end(), std::begin(address.sun_path));
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // Linux's abstract names
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           size);
}

}  // namespace camctl::os
