// One client of GET /api/events/stream: server-sent events (HTML Living Standard §9.2). On its connection's
// loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "apps/serve/events/event_log.h"
#include "apps/serve/http/message.h"
#include "base/event_loop.h"

namespace camctl::apps::serve {

// What it has not taken yet stays in the log, which forgets the oldest: a slow client costs nothing.
class EventViewer final : public StreamPeer, public std::enable_shared_from_this<EventViewer> {
 public:
  // Bytes asked of the log at a time.
  static constexpr std::size_t kAtOnce = 64u << 10;

  // What is told behind `after`, of `filter`. The log and the loop, which is the connection's, must outlive
  // it. `join` is called once the answer has begun; what it returns goes with the connection.
  EventViewer(EventLog& log, EventLoop& loop, EventFilter filter, std::uint64_t after,
              std::function<std::shared_ptr<void>()> join)
      : log_(log), loop_(loop), filter_(std::move(filter)), after_(after), join_(std::move(join)) {}

  void on_open(std::function<void()> wake) override;
  std::string next() override;
  std::string beat() override { return ":\n\n"; }
  void on_end() override;

 private:
  EventLog& log_;
  EventLoop& loop_;
  const EventFilter filter_;
  std::uint64_t after_;
  std::function<std::shared_ptr<void>()> join_;
  bool greeted_ = false;
  std::function<void()> wake_;
  std::atomic<bool> wake_posted_{false};
  std::shared_ptr<void> listening_, joined_;
};

}  // namespace camctl::apps::serve
