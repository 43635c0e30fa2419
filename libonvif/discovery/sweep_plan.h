// The addresses and ports of a sweep, in order, at a bounded rate.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/cidr.h"
#include "base/result.h"

namespace camctl::onvif::discovery {

// Walks all hosts of some networks once each, however the networks overlap.
class SweepPlan {
 public:
  // kUsage if there are more than kMaxHosts.
  static Result<SweepPlan> make(std::vector<Cidr> networks);
  static constexpr std::uint64_t kMaxHosts = 1u
                                             << 20;  // a /12: an hour at 4000 connects a second and 16 ports

  std::uint64_t host_count() const { return hosts_; }  // overlaps counted twice
  bool contains(const IpAddress& address) const;
  std::size_t network_count() const { return networks_.size(); }
  std::size_t network_of(const IpAddress& address) const;  // its index; network_count() for none
  std::optional<IpAddress> next();                         // nothing at the end

 private:
  std::vector<Cidr> networks_;
  std::uint64_t hosts_ = 0;
  std::size_t network_ = 0;
  std::uint64_t host_ = 0;
};

// How long to wait for a host to answer a connect, from how long others of its network took (RFC 6298 §2).
class Patience {
 public:
  using Duration = std::chrono::steady_clock::duration;
  void add(Duration round_trip);
  Duration value() const;

  // Before anything has answered; and, for stations on Wi-Fi that sleep, the least after that.
  static constexpr std::chrono::milliseconds kFirst{500}, kLeast{300}, kMost{1500};

 private:
  std::chrono::duration<double> mean_{0}, variance_{0};
  bool measured_ = false;
};

// A token bucket: `per_second` on average, at most a tenth of a second's worth at once.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;
  Pace(unsigned per_second, Clock::time_point now);
  bool take(Clock::time_point now);

 private:
  double per_second_, tokens_ = 1;
  Clock::time_point last_;
};

}  // namespace camctl::onvif::discovery
