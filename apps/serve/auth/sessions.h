// Who is logged in by cookie. In memory: a restart logs everybody out.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "apps/serve/auth/crypto.h"
#include "apps/serve/auth/users.h"

namespace camctl::apps::serve::auth {

// Thread-safe.
class Sessions {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::hours kIdle{
      7 * 24};  // without a request: a dashboard on a wall asks all the time
  static constexpr std::chrono::hours kLongest{30 * 24};  // then everybody logs in again
  static constexpr std::size_t kMost = 10'000;            // beyond, the one that was unused longest ends

  // The new session's token, which is kept nowhere but with the client.
  std::string open(const User& user, Clock::time_point now);
  // Whose session it is; null where there is none, or where the user has gone or has another password.
  PrincipalPtr find(std::string_view token, const Users& users, Clock::time_point now);
  void close(std::string_view token);

 private:
  struct Session {
    std::string name, hash;  // of the user as it was
    Clock::time_point opened, used;
  };
  static bool ended(const Session& session, Clock::time_point now);
  void make_room(Clock::time_point now);

  std::mutex mutex_;
  std::unordered_map<Hash, Session, HashOfHash> sessions_;  // by the token's SHA-256; guarded by mutex_
};

}  // namespace camctl::apps::serve::auth
