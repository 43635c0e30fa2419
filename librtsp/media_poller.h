// The media sockets of one loop. They stay out of Asio's reactor, which wakes for each packet: an epoll set
// of their own is looked at in ticks, so that the cost of a camera follows its bytes and not its packets. A
// camera that somebody waits for is looked at more often than the others.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/os/fd.h"

namespace camctl::rtsp {

// All calls on the loop's thread. A service of the loop's io_context: made when first asked for, one for all
// sources of the loop, and gone with it.
class MediaPoller final : public boost::asio::execution_context::service {
 public:
  using key_type = MediaPoller;  // by which Asio finds it

  // Something to read. The call may remove this or any other handler.
  class Handler {
   public:
    virtual ~Handler() = default;
    // Reads until the socket is empty, into `scratch`, which all handlers share. Returns true where it gave
    // up before, to be called again at once after the others: what it has left alone makes no further event.
    virtual bool on_readable(int fd, std::span<std::uint8_t> scratch,
                             std::chrono::steady_clock::time_point now) = 0;
  };

  static constexpr std::chrono::milliseconds kTick{20};
  static constexpr std::chrono::milliseconds kHurryTick{5};  // of those in a hurry
  // Large enough that a key frame of a 4K camera comes in one or two reads.
  static constexpr std::size_t kScratchBytes = 256u << 10;

  static MediaPoller& of(EventLoop& loop);

  // `fd` stays the caller's and must be removed before it is closed.
  void add(EventLoop& loop, int fd, Handler& handler);
  void remove(int fd);
  // Whether one that was added is looked at each kHurryTick, or, as at first, each kTick.
  void set_hurry(int fd, bool hurry);

  explicit MediaPoller(boost::asio::execution_context& context);  // for Asio

 private:
  struct Entry {
    Handler* handler;
    bool hurry = false;
  };
  void shutdown() override;
  void tick();
  bool look(const os::Fd& set, std::chrono::steady_clock::time_point now);
  void read(int fd, std::chrono::steady_clock::time_point now);
  void schedule();

  os::Fd relaxed_, hurried_;     // epoll sets
  std::vector<int> unfinished_;  // to be read again at the next tick
  std::vector<std::uint8_t> scratch_;
  std::unordered_map<int, Entry> entries_;
  std::size_t in_hurry_ = 0;  // how many of them
  std::chrono::steady_clock::time_point looked_at_relaxed_;
  std::optional<Timer> timer_;
  bool ticking_ = false;
};

}  // namespace camctl::rtsp
