#include "apps/serve/restream/restream.h"

#include <utility>

namespace camctl::apps::serve {

Result<std::unique_ptr<Restream>> Restream::listen(EventLoop& loop, const ListenAddress& address,
                                                   CameraManager& cameras) {
  std::unique_ptr<Restream> result(new Restream(loop, cameras));
  rtsp::ServerOptions options;
  options.address = address.address.to_string();
  options.port = address.port;
  auto server = rtsp::Server::listen(loop, std::move(options),
                                     [raw = result.get()](std::string_view path) { return raw->find(path); });
  if (!server) return fail(server.error());
  result->server_ = std::move(*server);
  return result;
}

Restream::~Restream() {
  server_.reset();
  for (const auto& [id, feed] : feeds_) feed->close();
}

Result<rtsp::Feed*> Restream::find(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto camera = cameras_.watch(path);
  if (!camera) {
    if (const auto gone = feeds_.find(path); gone != feeds_.end()) {
      gone->second->close();
      feeds_.erase(gone);
    }
    return fail(ErrorCode::kNotFound, "there is no such camera");
  }
  auto& feed = feeds_[camera->camera()->id];
  if (!feed || !feed->serves(camera)) {
    if (feed) feed->close();
    feed = std::make_shared<CameraFeed>(loop_, camera);
  }
  return feed->feed();
}

}  // namespace camctl::apps::serve
