#include "base/cidr.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace camctl {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;
constexpr std::uint64_t kMostHosts = std::uint64_t{1} << 32;

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  const std::string terminated(text);
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    std::copy(v4.begin(), v4.end(), address.bytes.begin() + kMappedPrefix.size());
    return address;
  }
  if (terminated.size() == text.size() && inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1)
    return address;
  return fail(ErrorCode::kUsage, fmt::format("\"{}\" is not an IP address", text));
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; }) && bytes[15] == 1;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4())
    inet_ntop(AF_INET, bytes.data() + kMappedPrefix.size(), text.data(), text.size());
  else
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address)
    return fail(ErrorCode::kUsage, fmt::format("\"{}\" is not a network", text),
                "write it as 192.168.1.0/24, fd00::/64 or a single address");
  const unsigned family_bits = address->is_v4() ? 32 : 128;
  unsigned prefix = family_bits;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() || prefix > family_bits)
      return fail(ErrorCode::kUsage,
                  fmt::format("the prefix of \"{}\" is not a number from 0 to {}", text, family_bits));
  }
  Cidr result;
  result.prefix_ = prefix + (address->is_v4() ? kMappedBits : 0);
  result.network_ = *address;
  for (unsigned bit = result.prefix_; bit < 128; ++bit)
    result.network_.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
  return result;
}

bool Cidr::contains(const IpAddress& address) const {
  const unsigned whole = prefix_ / 8;
  if (!std::equal(network_.bytes.begin(), network_.bytes.begin() + whole, address.bytes.begin()))
    return false;
  if (prefix_ % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00u >> (prefix_ % 8));
  return (address.bytes[whole] & mask) == network_.bytes[whole];
}

std::uint64_t Cidr::host_count() const {
  const unsigned host_bits = 128 - prefix_;
  if (host_bits >= 32) return network_.is_v4() ? kMostHosts - 2 : kMostHosts;
  const std::uint64_t addresses = std::uint64_t{1} << host_bits;
  return network_.is_v4() && host_bits >= 2 ? addresses - 2 : addresses;
}

IpAddress Cidr::host(std::uint64_t n) const {
  if (network_.is_v4() && 128 - prefix_ >= 2) ++n;  // leave out the network's own address
  IpAddress result = network_;
  for (std::size_t i = result.bytes.size(); n != 0 && i > 0; --i, n >>= 8)
    result.bytes[i - 1] = static_cast<std::uint8_t>(result.bytes[i - 1] | (n & 0xff));
  return result;
}

std::string Cidr::to_string() const {
  return fmt::format("{}/{}", network_.to_string(), network_.is_v4() ? prefix_ - kMappedBits : prefix_);
}

}  // namespace camctl
