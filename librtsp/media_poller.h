// Inside of MediaPoller: which sockets it looks at, and the buffer that all of them share.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/os/fd.h"
#include "librtsp/client.h"

namespace camctl::rtsp {

struct MediaPoller::Impl {
  // Something to read. Both calls may remove this or any other handler.
  class Handler {
   public:
    virtual ~Handler() = default;
    // Read until the socket is empty or `scratch`, which all handlers share, is full once.
    virtual void on_readable(int fd, std::span<std::uint8_t> scratch,
                             std::chrono::steady_clock::time_point now) = 0;
  };

  // Large enough that a key frame of a 4K camera comes in one or two reads.
  static constexpr std::size_t kScratchBytes = 256u << 10;

  explicit Impl(EventLoop& loop);

  // `fd` stays the caller's and must be removed before it is closed.
  void add(int fd, Handler& handler);
  void remove(int fd);

  void tick();

  EventLoop& loop;
  Timer timer;
  os::Fd epoll;
  std::vector<std::uint8_t> scratch;
  std::unordered_map<int, Handler*> handlers;
  unsigned hurried = 0;
  bool ticking = false;
};

}  // namespace camctl::rtsp
