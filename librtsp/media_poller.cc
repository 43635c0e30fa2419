#include "librtsp/media_poller.h"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cassert>

namespace camctl::rtsp {

MediaPoller::MediaPoller(boost::asio::execution_context& context)
    : service(context), epoll_(epoll_create1(EPOLL_CLOEXEC)), scratch_(kScratchBytes) {}

MediaPoller& MediaPoller::of(EventLoop& loop) {
  return boost::asio::use_service<MediaPoller>(static_cast<boost::asio::execution_context&>(loop.context()));
}

void MediaPoller::shutdown() {
  assert(handlers_.empty());
  timer_.reset();
}

void MediaPoller::add(EventLoop& loop, int fd, Handler& handler) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  [[maybe_unused]] const int result = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  assert(result == 0);
  handlers_[fd] = &handler;
  if (ticking_) return;
  ticking_ = true;
  if (!timer_) timer_.emplace(loop);
  timer_->after(kTick, [this] { tick(); });
}

void MediaPoller::remove(int fd) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  handlers_.erase(fd);
}

void MediaPoller::tick() {
  constexpr int kEventsPerLook = 256;
  std::array<epoll_event, kEventsPerLook> events;
  const auto now = std::chrono::steady_clock::now();
  const int count = epoll_wait(epoll_.get(), events.data(), kEventsPerLook, 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    // A handler before it may have removed it.
    if (const auto found = handlers_.find(fd); found != handlers_.end())
      found->second->on_readable(fd, scratch_, now);
  }
  ticking_ = !handlers_.empty();
  if (!ticking_) return;
  // More than one look takes are looked at at once.
  timer_->after(count == kEventsPerLook ? std::chrono::milliseconds(0) : kTick, [this] { tick(); });
}

}  // namespace camctl::rtsp
