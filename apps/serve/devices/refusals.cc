#include "apps/serve/devices/refusals.h"

#include <fmt/format.h>

#include "apps/media/source_gate.h"

namespace camctl::apps::serve {

std::uint64_t Refusals::account_of(const device::Device& device) {
  const auto& target = device.request.target;
  const auto where = "onvif " + target.ip + " " + (target.xaddrs.empty() ? "" : target.xaddrs.front());
  // A camera that wants a user where there is none is not asked in vain again and again either.
  const auto account = SourceGate::account_of(where, device.credentials);
  return account != 0 ? account : std::hash<std::string>{}(where);
}

Result<void> Refusals::check(const device::Device& device, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = until_.find(account_of(device));
  if (found == until_.end() || found->second <= now) return {};
  const auto left = std::chrono::ceil<std::chrono::seconds>(found->second - now).count();
  return fail(
      ErrorCode::kAuth, fmt::format("camera {} has refused its user and password for ONVIF", device.id),
      fmt::format("correct them (--user and --password-file, or credentials: in the configuration) and "
                  "send SIGHUP; cameras lock accounts, so they are tried again in {} s only",
                  left));
}

void Refusals::add(const device::Device& device, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(until_, [now](const auto& one) { return one.second <= now; });
  until_[account_of(device)] = now + kRefused;
}

void Refusals::forget() {
  const std::lock_guard lock(mutex_);
  until_.clear();
}

}  // namespace camctl::apps::serve
