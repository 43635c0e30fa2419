// Addresses that carry their own permission, for players that can send neither a password nor a cookie.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "apps/serve/auth/crypto.h"
#include "apps/serve/auth/users.h"
#include "base/result.h"

namespace camctl::apps::serve::auth {

// A link is a prefix of addresses, /signed/{token}, so that what a playlist names beside itself is covered:
// it says whose it is, of which camera and until when, signed (HMAC-SHA256) with a key of this server and the
// user's hash. It ends with its time, its user, another password, or the key. Thread-safe.
class Links {
 public:
  using Time = std::chrono::system_clock::time_point;

  static constexpr std::string_view kSegment = "signed";  // the first of such an address
  static constexpr std::chrono::hours kLongest{30 * 24};

  // The key is in `file`, or is made and kept there (0600) for the first link. kIo, kConfig.
  static Result<std::unique_ptr<Links>> load(std::filesystem::path file);

  // `camera` is one that the user may see. kIo where the key can't be kept.
  Result<std::string> make(const User& user, std::string_view camera, Time expires);

  // A viewer of that camera alone; null where the token is not good, or not any more.
  PrincipalPtr find(std::string_view token, const Users& users, Time now) const;

 private:
  explicit Links(std::filesystem::path file) : file_(std::move(file)) {}
  std::optional<Hash> key() const;
  Result<Hash> key_or_new();

  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::optional<Hash> key_;  // guarded by mutex_
};

}  // namespace camctl::apps::serve::auth
