// Whether a name and a password are a user's: remembered, limited, and computed on threads of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "apps/serve/auth/attempts.h"
#include "apps/serve/auth/crypto.h"
#include "apps/serve/auth/users.h"
#include "base/secret.h"

namespace camctl::apps::serve::auth {

// Thread-safe.
class Passwords {
 public:
  using Clock = std::chrono::steady_clock;

  // What was right, and what was wrong, of an address, by a keyed hash. An address that has been wrong too
  // often is not even told that it is right, else it could go on guessing what somebody else uses. Saying the
  // same wrong thing again, as a player with an old password does, is no guess and does not count.
  static constexpr std::chrono::minutes kRemember{5};
  static constexpr std::size_t kMostRemembered = 4096;
  static constexpr std::size_t kThreads = 2;      // argon2 takes 64 MiB and 0.15 s for each
  static constexpr std::size_t kMaxWaiting = 32;  // passwords: some seconds of work
  static constexpr std::size_t kMaxAsking = 256;  // requests with the same one, a wall of players

  enum class Verdict : std::uint8_t { kRight, kWrong, kTooOften, kBusy };
  struct Answer {
    Verdict verdict = Verdict::kWrong;
    std::optional<User> user;             // of kRight
    std::chrono::seconds retry_after{0};  // of kTooOften and kBusy
  };
  using Done = std::function<void(const Answer&)>;

  Passwords() = default;
  ~Passwords();
  Passwords(const Passwords&) = delete;
  Passwords& operator=(const Passwords&) = delete;

  // The answer at once, or nothing, and `done` is called later on a thread of its own. `users` is not empty.
  std::optional<Answer> check(const UsersPtr& users, const std::string& name, const Secret& password,
                              const IpAddress& from, Clock::time_point now, Done done);

  // Waits for what is being computed and drops the rest; then all is kBusy.
  void stop();

 private:
  struct Job {
    UsersPtr users;
    std::string name;
    Secret password;
    IpAddress from;
    std::vector<Done> asking;
  };
  struct Known {
    std::string name, hash;  // of the user as it was; no hash: there was none of that name
    bool right;
    Clock::time_point until;
  };
  std::optional<Answer> remembered(const Hash& key, const Users& users, const IpAddress& from,
                                   Clock::time_point now);
  void start_thread();
  void work();
  void finish(const Hash& key, bool right);

  const Hash key_ = random_key();
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  Attempts attempts_;
  std::unordered_map<Hash, Known, HashOfHash> known_;
  std::unordered_map<Hash, Job, HashOfHash> jobs_;  // waiting or being computed
  std::deque<Hash> waiting_;                        // of jobs_
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace camctl::apps::serve::auth
