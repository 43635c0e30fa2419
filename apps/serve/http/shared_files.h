// Large bodies that several viewers ask for, as files in memory: sendfile lends the kernel their pages, where
// sendmsg has it copy them for each viewer.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include "base/os/fd.h"
#include "libhls/body.h"

namespace camctl::apps::serve {

using SharedFile = std::shared_ptr<const os::Fd>;

// Thread-safe. A body is known by its identity, not by its bytes: who asks must get the same one each time.
class SharedFiles {
 public:
  using Clock = std::chrono::steady_clock;

  // Below, the copy costs less than the file.
  static constexpr std::size_t kSmallestBody = 64u << 10;
  // Of how many requests the last makes the file: one viewer never does.
  static constexpr unsigned kAskedOften = 3;
  // Then viewers of a live stream have passed on.
  static constexpr std::chrono::seconds kIdle{5};
  // Of all files; bodies beyond are sent from where they are.
  static constexpr std::size_t kMaxBytes = 64u << 20;
  static constexpr std::size_t kMaxBodies = 4096;  // whose requests are counted

  // Counts a request for `body`, which may be null. Its file, once it is asked for often; null: send its
  // pieces.
  SharedFile request(const hls::BodyPtr& body, Clock::time_point now);

  // Forgets what was not asked for since kIdle. True: nothing is left.
  bool forget_idle(Clock::time_point now);

 private:
  struct Entry {
    unsigned asked = 0;
    std::size_t bytes = 0;  // of the file, or of the one that is being made
    SharedFile file;
    Clock::time_point last{};
  };

  std::mutex mutex_;
  std::map<std::weak_ptr<const hls::Body>, Entry, std::owner_less<>>
      entries_;  // guarded by mutex_, as what follows
  std::size_t bytes_ = 0;
};

}  // namespace camctl::apps::serve
