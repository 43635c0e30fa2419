#include "libonvif/discovery/sweep_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace camctl::onvif::discovery {
namespace {

// Whether a walk over `network` visits it: the network and broadcast addresses are none of its hosts.
bool visits(const Cidr& network, const IpAddress& address) {
  return network.contains(address) && network.host(0) <= address &&
         address <= network.host(network.host_count() - 1);
}

}  // namespace

Result<SweepPlan> SweepPlan::make(std::vector<Cidr> networks) {
  SweepPlan plan;
  for (const Cidr& network : networks) {
    plan.hosts_ += network.host_count();
    if (plan.hosts_ > kMaxHosts)
      return fail(ErrorCode::kUsage, fmt::format("{} is too large for a sweep", network.to_string()),
                  fmt::format("give networks of at most {} addresses in all", kMaxHosts));
  }
  plan.networks_ = std::move(networks);
  return plan;
}

bool SweepPlan::contains(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Cidr& network) { return network.contains(address); });
}

std::optional<IpAddress> SweepPlan::next() {
  for (; network_ < networks_.size(); ++network_, host_ = 0)
    while (host_ < networks_[network_].host_count()) {
      const IpAddress address = networks_[network_].host(host_++);
      const auto before = networks_.begin() + static_cast<std::ptrdiff_t>(network_);
      if (std::none_of(networks_.begin(), before, [&](const Cidr& n) { return visits(n, address); }))
        return address;
    }
  return std::nullopt;
}

Pace::Pace(unsigned per_second, Clock::time_point now) : per_second_(std::max(per_second, 1u)), last_(now) {}

bool Pace::take(Clock::time_point now) {
  const std::chrono::duration<double> passed = now - last_;
  last_ = now;
  tokens_ = std::min(tokens_ + passed.count() * per_second_, std::max(1.0, per_second_ / 10));
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace camctl::onvif::discovery
