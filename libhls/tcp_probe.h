// Asks cheaply whether a host accepts TCP connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"

namespace camctl::hls {

// Connects and closes again. All calls on the loop's thread; destroying it cancels.
class TcpProbe {
 public:
  explicit TcpProbe(EventLoop& loop);
  ~TcpProbe();
  TcpProbe(const TcpProbe&) = delete;
  TcpProbe& operator=(const TcpProbe&) = delete;

  // Calls `done` once, with whether a connection came about within `limit`. Replaces a probe under way.
  void start(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit,
             std::function<void(bool)> done);
  void cancel();

 private:
  struct Attempt;
  EventLoop& loop_;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace camctl::hls
