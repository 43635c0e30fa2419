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

std::size_t SweepPlan::network_of(const IpAddress& address) const {
  const auto found = std::find_if(networks_.begin(), networks_.end(),
                                  [&](const Cidr& network) { return network.contains(address); });
  return static_cast<std::size_t>(found - networks_.begin());
}

bool SweepPlan::contains(const IpAddress& address) const { return network_of(address) < networks_.size(); }

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

void Patience::add(Duration round_trip) {
  constexpr double kMeanWeight = 1.0 / 8, kVarianceWeight = 1.0 / 4;
  const std::chrono::duration<double> sample = round_trip;
  if (!measured_) {
    measured_ = true;
    mean_ = sample;
    variance_ = sample / 2;
    return;
  }
  variance_ += kVarianceWeight * (std::chrono::abs(mean_ - sample) - variance_);
  mean_ += kMeanWeight * (sample - mean_);
}

Patience::Duration Patience::value() const {
  if (!measured_) return kFirst;
  return std::clamp(std::chrono::duration_cast<Duration>(mean_ + 4 * variance_), Duration(kLeast),
                    Duration(kMost));
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
