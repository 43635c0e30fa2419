#include "apps/serve/auth/attempts.h"

#include <algorithm>

namespace camctl::apps::serve::auth {
namespace {

std::string key_of(const IpAddress& address) {
  constexpr std::ptrdiff_t kCustomer = 8;  // bytes of a /64
  const auto end = address.is_v4() ? address.bytes.end() : address.bytes.begin() + kCustomer;
  return {address.bytes.begin(), end};
}

std::string pair_of(const IpAddress& address, std::string_view account) {
  return (key_of(address) + '\0').append(account);
}

}  // namespace

std::chrono::seconds Attempts::missing(const Buckets& buckets, const std::string& key, int size,
                                       Clock::time_point now) {
  const auto found = buckets.find(key);
  if (found == buckets.end()) return std::chrono::seconds(0);
  const auto excess = found->second + kEach - now - size * kEach;
  return excess <= Clock::duration::zero() ? std::chrono::seconds(0)
                                           : std::chrono::ceil<std::chrono::seconds>(excess);
}

void Attempts::take(Buckets& buckets, const std::string& key, Clock::time_point now) {
  make_room(buckets, now);
  auto& full_at = buckets.try_emplace(key, now).first->second;
  full_at = std::max(full_at, now) + kEach;
}

void Attempts::give_back(Buckets& buckets, const std::string& key, Clock::time_point now) {
  const auto found = buckets.find(key);
  if (found == buckets.end()) return;
  found->second -= kEach;
  if (found->second <= now) buckets.erase(found);
}

void Attempts::make_room(Buckets& buckets, Clock::time_point now) {
  if (buckets.size() < kMaxKnown) return;
  std::erase_if(buckets, [&](const auto& bucket) { return bucket.second <= now; });
  if (buckets.size() < kMaxKnown) return;
  buckets.erase(std::ranges::min_element(buckets, {}, [](const auto& bucket) { return bucket.second; }));
}

std::chrono::seconds Attempts::begin(const IpAddress& address, std::string_view account,
                                     Clock::time_point now) {
  const auto from = key_of(address);
  const std::string to(account);
  auto wait = missing(addresses_, from, kOfAddress, now);
  if (!owners_.contains(pair_of(address, account)))
    wait = std::max(wait, missing(accounts_, to, kOfAccount, now));
  if (wait > std::chrono::seconds(0)) return wait;
  take(addresses_, from, now);
  take(accounts_, to, now);
  return wait;
}

std::chrono::seconds Attempts::wait_of(const IpAddress& address, Clock::time_point now) const {
  return missing(addresses_, key_of(address), kOfAddress, now);
}

void Attempts::succeeded(const IpAddress& address, std::string_view account, Clock::time_point now) {
  give_back(addresses_, key_of(address), now);
  give_back(accounts_, std::string(account), now);
  if (owners_.size() >= kMaxKnown)
    owners_.erase(std::ranges::min_element(owners_, {}, [](const auto& owner) { return owner.second; }));
  owners_[pair_of(address, account)] = now;
}

}  // namespace camctl::apps::serve::auth
