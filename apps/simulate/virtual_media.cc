#include "apps/simulate/virtual_media.h"

#include <algorithm>
#include <cassert>

#include "apps/simulate/clip.h"
#include "apps/simulate/clip_player.h"
#include "apps/simulate/pacer.h"

namespace camctl::simulate {

using namespace std::chrono_literals;

struct VirtualMedia::Impl {
  explicit Impl(EventLoop& loop) : drop_timer(loop) {}

  rtsp::Feed* find(std::string_view path) {
    const auto found = std::ranges::find(paths, path);
    return found == paths.end() ? nullptr : &players[static_cast<std::size_t>(found - paths.begin())]->feed();
  }

  void schedule_drop() {
    if (drop_every <= 0ms) return;
    drop_timer.after(drop_every, [this] {
      server->close_connections();
      schedule_drop();
    });
  }

  std::vector<std::string> paths;
  std::chrono::milliseconds drop_every{0};
  Timer drop_timer;
  std::vector<std::unique_ptr<ClipPlayer>> players;
  std::unique_ptr<rtsp::Server> server;  // last: goes before the feeds
};

MediaPacer::MediaPacer(EventLoop& loop) : pacer_(std::make_unique<Pacer>(loop)) {}
MediaPacer::~MediaPacer() = default;

VirtualMedia::VirtualMedia(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VirtualMedia::~VirtualMedia() = default;

Result<std::unique_ptr<VirtualMedia>> VirtualMedia::start(EventLoop& loop, MediaPacer& pacer,
                                                          VirtualMediaOptions options) {
  assert(options.paths.size() == options.clips.size());
  auto impl = std::make_unique<Impl>(loop);
  const auto now = Pacer::Clock::now();
  for (auto& clip : options.clips)
    impl->players.push_back(std::make_unique<ClipPlayer>(*pacer.pacer_, std::move(clip), options.faults,
                                                         options.clock_skew, now));
  impl->paths = std::move(options.paths);
  impl->drop_every = options.faults.drop_every;
  auto server = rtsp::Server::listen(loop, std::move(options.rtsp),
                                     [raw = impl.get()](std::string_view path) { return raw->find(path); });
  if (!server) return fail(server.error());
  impl->server = std::move(*server);
  impl->schedule_drop();
  return std::unique_ptr<VirtualMedia>(new VirtualMedia(std::move(impl)));
}

std::uint16_t VirtualMedia::port() const { return impl_->server->port(); }

std::size_t VirtualMedia::readers() const {
  std::size_t count = 0;
  for (const auto& player : impl_->players) count += player->feed().readers();
  return count;
}

void VirtualMedia::close_connections() { impl_->server->close_connections(); }

const Clip& VirtualMedia::clip(std::size_t profile) const { return impl_->players[profile]->clip(); }

}  // namespace camctl::simulate
