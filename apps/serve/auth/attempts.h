// How often passwords may be tried: by an address, and for an account.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "base/cidr.h"

namespace camctl::apps::serve::auth {

// Not thread-safe.
class Attempts {
 public:
  using Clock = std::chrono::steady_clock;

  // An address (IPv6: its /64, which is one customer's) may be wrong ten times in a row, then each 30 s. An
  // account may be tried 20 times by strangers. An address from which somebody has logged in to the account
  // is none, so that guessing from elsewhere does not lock its owner out.
  static constexpr int kOfAddress = 10, kOfAccount = 20;
  static constexpr std::chrono::seconds kEach{30};
  // Addresses, accounts, and pairs of them that are remembered; beyond, those that were tried least are
  // forgotten.
  static constexpr std::size_t kMaxKnown = 10'000;

  // Counts an attempt. Zero: it may be made. Else how long to wait; it is not counted then.
  std::chrono::seconds begin(const IpAddress& address, std::string_view account, Clock::time_point now);
  // Whether the address has been wrong too often: how long until its next attempt, or zero.
  std::chrono::seconds wait_of(const IpAddress& address, Clock::time_point now) const;
  // The attempt was right, and does not count.
  void succeeded(const IpAddress& address, std::string_view account, Clock::time_point now);

 private:
  // When the bucket of each will be full again (the generic cell rate algorithm: one time is all its state).
  using Buckets = std::map<std::string, Clock::time_point, std::less<>>;
  static std::chrono::seconds missing(const Buckets& buckets, const std::string& key, int size,
                                      Clock::time_point now);
  static void take(Buckets& buckets, const std::string& key, Clock::time_point now);
  static void give_back(Buckets& buckets, const std::string& key, Clock::time_point now);
  static void make_room(Buckets& buckets, Clock::time_point now);

  Buckets addresses_, accounts_;
  std::map<std::string, Clock::time_point, std::less<>> owners_;  // address and account, when last right
};

}  // namespace camctl::apps::serve::auth
