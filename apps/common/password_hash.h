// Passwords of users as argon2id hashes (RFC 9106), in the usual text form:
// $argon2id$v=19$m=…,t=…,p=…$salt$hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace camctl::apps {

// What a hash costs whoever guesses. The default is RFC 9106 §4's for machines with little memory, on one
// lane: 0.15 s and 64 MiB.
struct HashCost {
  std::uint32_t memory_kib = 64u << 10;
  std::uint32_t passes = 3;
};

// With a random salt. kInternal where memory is short.
Result<std::string> hash_password(const Secret& password, HashCost cost = {});

// Takes as long as the hash's cost says: never on an event loop. False also for what is no such hash.
bool verify_password(const Secret& password, const std::string& hash);

// Whether it is an argon2id hash whose cost is bearable (256 MiB, 16 passes, 16 lanes at the most): its form
// is looked at, nothing is computed.
bool is_password_hash(std::string_view text);

inline constexpr std::size_t kMaxPassword = 1024;
inline constexpr std::size_t kMaxPasswordHash = 256;  // ours have 97 characters

}  // namespace camctl::apps
