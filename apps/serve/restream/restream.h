// `serve --rtsp-listen`: every camera again over RTSP, at rtsp://ADDRESS/{id}.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "apps/serve/camera_manager.h"
#include "apps/serve/http/server.h"
#include "apps/serve/restream/camera_feed.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "librtsp/server.h"

namespace camctl::apps::serve {

// Made and destroyed on its loop's thread (or before the loop runs). Cameras are followed on their own loops
// while they are read: one connection to a camera, however many read it here.
class Restream {
 public:
  // `loop` must outlive the loops of the cameras; the manager this object. kIo where it can't listen.
  static Result<std::unique_ptr<Restream>> listen(EventLoop& loop, const ListenAddress& address,
                                                  CameraManager& cameras);
  ~Restream();  // ends all sessions

  std::uint16_t port() const { return server_->port(); }

 private:
  Restream(EventLoop& loop, CameraManager& cameras) : loop_(loop), cameras_(cameras) {}
  Result<rtsp::Feed*> find(std::string_view path);

  EventLoop& loop_;
  CameraManager& cameras_;
  std::map<std::string, std::shared_ptr<CameraFeed>, std::less<>> feeds_;  // by the camera's id
  std::unique_ptr<rtsp::Server> server_;
};

}  // namespace camctl::apps::serve
