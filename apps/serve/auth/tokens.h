// Bearer tokens for programs (RFC 6750): made by an admin, kept as hashes in the state folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/auth/crypto.h"
#include "apps/serve/auth/users.h"
#include "base/result.h"

namespace camctl::apps::serve::auth {

// Thread-safe.
class Tokens {
 public:
  using Time = std::chrono::system_clock::time_point;

  static constexpr std::size_t kMost = 1000;
  static constexpr std::size_t kMaxFile = 1u << 20;
  static constexpr std::string_view kPrefix = "camctl_";  // so that scanners for leaked secrets know them

  struct Token {
    std::string id;    // names it in addresses: no secret
    std::string name;  // what it is for
    std::string by;    // the admin who made it, and with whom it ends
    bool admin = false;
    std::optional<std::vector<std::string>> cameras;  // nothing: all
    std::chrono::seconds created{0}, expires{0};      // since 1970, UTC; expires 0: never
    std::string hash;                                 // base64url of the secret's SHA-256
  };

  // `file` need not be there. kConfig where it is and is broken: then nothing is overwritten.
  static Result<std::unique_ptr<Tokens>> load(std::filesystem::path file);

  // Keeps a new token, of which id, hash and creation are settled here, and returns it with its secret, which
  // is kept nowhere. kIo, kLimit.
  struct Made {
    Token token;
    std::string secret;
  };
  Result<Made> add(Token token, Time now);
  std::vector<Token> all() const;
  Result<void> remove(std::string_view id);  // kNotFound, kIo

  // As whom the bearer of `secret` acts; null: it is no token, has expired, or its maker is no admin any
  // more.
  PrincipalPtr find(std::string_view secret, const Users& users, Time now) const;

 private:
  explicit Tokens(std::filesystem::path file) : file_(std::move(file)) {}
  Result<void> save(const std::vector<Token>& tokens) const;

  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::vector<Token> tokens_;  // guarded by mutex_
};

}  // namespace camctl::apps::serve::auth
