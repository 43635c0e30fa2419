// Manners towards cameras: when a source may connect. One gate for all cameras of a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/media/source.h"
#include "base/result.h"
#include "base/secret.h"

namespace camctl::apps {

// Thread-safe: sources of all loops ask.
class SourceGate : public std::enable_shared_from_this<SourceGate> {
 public:
  using Clock = std::chrono::steady_clock;

  // Between two connects, to any camera and to the same host: 400 cameras take 2 s, a recorder's 64 channels
  // 1 s.
  static constexpr std::chrono::milliseconds kSpacing{5}, kHostSpacing{15};
  // Of an account's first attempt before others of the same account may try: an answer takes far less.
  static constexpr std::chrono::milliseconds kFirstAnswer{2000};
  // How often one that waits for that answer asks again.
  static constexpr std::chrono::milliseconds kAskAgain{50};
  // After refused credentials nobody tries them; doubles up to the longest. Cameras lock accounts after some
  // five refusals, and every channel of a recorder counts.
  static constexpr std::chrono::minutes kRefused{5}, kLongestRefused{60};

  // `host_sessions`: how many sessions one host may have at once.
  explicit SourceGate(std::size_t host_sessions) : host_sessions_(host_sessions) {}

  // Makes the sources of `factory` ask here before they connect to `host`. They end with kAuth while
  // `credentials` are known to be refused there, and with kLimit where the host has its sessions already.
  media::SourceFactory guard(media::SourceFactory factory, std::string host, const Credentials& credentials);

  // What a source may do now. One that is admitted holds its seat as long as it lives.
  struct Verdict {
    std::shared_ptr<void> seat;  // null: ask again then
    Clock::time_point at;        // when to connect, or to ask again
  };
  // `account`: see account_of().
  Result<Verdict> ask(const std::string& host, std::uint64_t account, Clock::time_point now);
  // What became of an attempt with this account.
  void accepted(std::uint64_t account);
  void refused(std::uint64_t account, Clock::time_point now);
  // Somebody has changed something: all may try again.
  void forget_refusals();

  // Of a user at a host; 0 without credentials, which nobody locks.
  static std::uint64_t account_of(const std::string& host, const Credentials& credentials);

 private:
  struct Host {
    std::size_t sessions = 0;
    Clock::time_point next;
  };
  struct Account {
    bool known_good = false;
    unsigned refusals = 0;            // in a row
    Clock::time_point blocked_until;  // by the last refusal
    Clock::time_point tried_until;    // somebody's attempt is to be awaited
  };
  void leave(const std::string& host);

  const std::size_t host_sessions_;
  std::mutex mutex_;  // guards what follows
  Clock::time_point next_;
  std::map<std::string, Host> hosts_;
  std::map<std::uint64_t, Account> accounts_;  // one for each user and host ever tried
};

}  // namespace camctl::apps
