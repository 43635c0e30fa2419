// One camera's access units on their way to its WebSocket viewers: packaged once, posted once to each loop
// that has viewers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "apps/serve/live/live_viewer.h"
#include "base/event_loop.h"
#include "libhls/stream.h"

namespace camctl::apps::serve {

// Costs nothing while nobody watches. join() is thread-safe, all else runs on the stream's loop.
class LiveHub : public std::enable_shared_from_this<LiveHub> {
 public:
  // `stream` must live until stop(). `loops` are those of the viewers' connections.
  LiveHub(EventLoop& stream_loop, hls::Stream& stream, std::vector<EventLoop*> loops);

  // The viewer gets the newest group of pictures at once, or the next key frame where there is none or the
  // camera is away, and then everything, until the handle goes (on any thread).
  std::shared_ptr<void> join(const std::shared_ptr<LiveViewer>& viewer, unsigned loop_index);

  // Ends all viewers: the camera is changed or removed.
  void stop();

 private:
  using Chunks = std::vector<LiveChunkPtr>;
  // The viewers of one loop; `viewers` is touched on that loop only.
  struct Group {
    EventLoop* loop = nullptr;
    std::vector<std::weak_ptr<LiveViewer>> viewers;
  };

  void admit(const std::shared_ptr<LiveViewer>& viewer, unsigned loop_index);
  void leave(unsigned loop_index);
  void begin();
  void take(const hls::LiveUnit& live);
  LiveChunkPtr package(const hls::LiveUnit& live);
  void remember(const LiveChunkPtr& chunk);
  void flush();

  EventLoop& loop_;
  hls::Stream* stream_;  // null after stop()
  std::vector<std::shared_ptr<Group>> groups_;
  std::vector<std::size_t> members_;  // viewers of each group
  std::size_t viewers_ = 0;
  std::shared_ptr<void> subscription_;  // while there are viewers
  LiveInitPtr init_;
  std::uint64_t sequence_ = 0;
  Chunks gop_;  // since the newest key frame
  std::size_t gop_bytes_ = 0;
  Chunks pending_;  // not posted yet
  bool flush_posted_ = false;
};

}  // namespace camctl::apps::serve
