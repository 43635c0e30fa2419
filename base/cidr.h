// IPv4 and IPv6 networks in CIDR notation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace camctl {

// An address; IPv4 is kept in its IPv4-mapped form (::ffff:a.b.c.d).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static Result<IpAddress> parse(std::string_view text);  // no zone, no brackets; kUsage
  bool is_v4() const;
  bool is_loopback() const;
  std::string to_string() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// A network, e.g. 192.168.1.0/24; a bare address is a network of one. Host bits may be set: 192.168.1.7/24
// means 192.168.1.0/24.
class Cidr {
 public:
  static Result<Cidr> parse(std::string_view text);  // kUsage, with what is wrong

  bool contains(const IpAddress& address) const;
  // Number of hosts that a sweep visits: network and broadcast address left out for IPv4 prefixes below 31.
  // At most 2^32; more is reported as 2^32.
  std::uint64_t host_count() const;
  // The nth such host, n < host_count().
  IpAddress host(std::uint64_t n) const;
  std::string to_string() const;

 private:
  IpAddress network_;
  unsigned prefix_ = 128;  // of the 128-bit form
};

}  // namespace camctl
