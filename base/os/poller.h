// Waiting for many file descriptors at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/os/fd.h"
#include "base/result.h"

namespace camctl::os {

// epoll on Linux. Level-triggered. Not thread-safe.
class Poller {
 public:
  struct Event {
    std::uint64_t tag;
    bool readable, writable;  // an error or hang-up sets both, so that the next call on the descriptor tells
  };

  static Result<Poller> create();

  // `tag` comes back with each event. kIo.
  Result<void> add(int fd, bool read, bool write, std::uint64_t tag);
  Result<void> change(int fd, bool read, bool write, std::uint64_t tag);
  void remove(int fd);

  // What is ready, at most kMaxEvents of it; empty after `timeout`. Valid until the next call.
  const std::vector<Event>& wait(std::chrono::milliseconds timeout);
  static constexpr int kMaxEvents = 256;  // a batch; the rest comes with the next call

  // Readable when something is ready, so that another poll can wait for it.
  int fd() const { return fd_.get(); }

 private:
  explicit Poller(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
  std::vector<Event> events_;
};

}  // namespace camctl::os
