// One camera's access units on their way to its RTSP readers.
#pragma once

#include <memory>
#include <vector>

#include "apps/serve/served_camera.h"
#include "base/event_loop.h"
#include "librtsp/server.h"

namespace camctl::apps::serve {

// Two loops meet here: the stream's, where units come from, and the RTSP server's, where they are sent. Costs
// nothing while nobody reads. All calls on the server's loop.
class CameraFeed : public std::enable_shared_from_this<CameraFeed> {
 public:
  CameraFeed(EventLoop& rtsp_loop, const ServedCameraPtr& camera);

  // The feed that describes the camera as it is now; readers of an earlier description are ended. kTimeout
  // while it is connecting, kNetwork while it is away.
  Result<rtsp::Feed*> feed();
  // Is about this very camera, not one that has taken its id.
  bool serves(const ServedCameraPtr& camera) const { return camera_.lock() == camera; }
  // Ends all readers, for good.
  void close();

 private:
  // The server's loop.
  void on_readers(std::size_t readers);
  void push(const std::vector<hls::LiveUnit>& units);
  void end_readers();
  // The stream's loop.
  void follow(hls::Stream& stream);
  void unfollow();
  void take(const hls::LiveUnit& live);
  void look_at_state();

  EventLoop& rtsp_loop_;
  EventLoop& stream_loop_;
  const std::weak_ptr<ServedCamera> camera_;

  // The server's loop.
  media::StreamInfoPtr info_;                    // that feed_ describes
  std::vector<std::shared_ptr<void>> presence_;  // of each reader
  bool following_ = false;
  bool closed_ = false;
  std::unique_ptr<rtsp::Feed> feed_;  // last: it calls on_readers()

  // The stream's loop.
  std::shared_ptr<void> units_subscription_, state_subscription_;
  std::vector<hls::LiveUnit> pending_;
  bool flush_posted_ = false;
};

}  // namespace camctl::apps::serve
