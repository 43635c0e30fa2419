// One viewer of a live camera over WebSocket. On its connection's loop.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "apps/serve/http/websocket_session.h"
#include "apps/serve/live/live_chunk.h"

namespace camctl::apps::serve {

class LiveViewer final : public WebSocketPeer {
 public:
  using Clock = std::chrono::steady_clock;

  // A viewer that is further behind goes on at the newest key frame: live is what it came for.
  static constexpr std::chrono::seconds kMaxBehind{2};
  // The same by bytes; above a group of pictures of 4 s at 16 Mbit/s.
  static constexpr std::size_t kMaxQueued = 16u << 20;

  // `start` is called once the WebSocket is open, `end` once it is not any more.
  LiveViewer(std::function<void()> start, std::function<void()> end)
      : start_(std::move(start)), end_(std::move(end)) {}

  // What comes next; the first must be a key frame's or what follows one that was delivered.
  void deliver(std::span<const LiveChunkPtr> chunks, Clock::time_point now);
  // There is nothing more for this viewer: closes its WebSocket.
  void finish(CloseCode code, const std::string& reason);

  void on_open(std::function<void()> wake, std::function<void(CloseCode, std::string)> close) override;
  hls::BodyPtr next() override;
  void on_end() override;

 private:
  void drop_old(Clock::time_point now);

  struct Queued {
    LiveChunkPtr chunk;
    Clock::time_point since;
  };
  std::function<void()> start_, end_;
  std::function<void()> wake_;
  std::function<void(CloseCode, std::string)> close_;
  std::deque<Queued> queue_;
  std::size_t bytes_ = 0;  // in the queue
  bool wait_for_key_ = true;
  LiveInitPtr init_;  // sent last
};

}  // namespace camctl::apps::serve
