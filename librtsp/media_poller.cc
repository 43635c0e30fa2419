#include "librtsp/media_poller.h"

#include <sys/epoll.h>

#include <array>
#include <cassert>

namespace camctl::rtsp {

MediaPoller::Impl::Impl(EventLoop& l)
    : loop(l), timer(l), epoll(epoll_create1(EPOLL_CLOEXEC)), scratch(kScratchBytes) {}

void MediaPoller::Impl::add(int fd, Handler& handler) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  [[maybe_unused]] const int result = epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
  assert(result == 0);
  handlers[fd] = &handler;
  if (!ticking) {
    ticking = true;
    timer.after(kBusyTick, [this] { tick(); });
  }
}

void MediaPoller::Impl::remove(int fd) {
  epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
  handlers.erase(fd);
}

void MediaPoller::Impl::tick() {
  constexpr int kEventsPerLook = 256;
  std::array<epoll_event, kEventsPerLook> events;
  const auto now = std::chrono::steady_clock::now();
  int count = 0;
  do {
    count = epoll_wait(epoll.get(), events.data(), kEventsPerLook, 0);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      // A handler before it may have removed it.
      if (const auto found = handlers.find(fd); found != handlers.end())
        found->second->on_readable(fd, scratch, now);
    }
  } while (count == kEventsPerLook);
  ticking = !handlers.empty();
  if (ticking) timer.after(hurried > 0 ? kBusyTick : kIdleTick, [this] { tick(); });
}

MediaPoller::MediaPoller(EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}

MediaPoller::~MediaPoller() { assert(impl_->handlers.empty()); }

void MediaPoller::hurry() { ++impl_->hurried; }

void MediaPoller::unhurry() {
  assert(impl_->hurried > 0);
  --impl_->hurried;
}

}  // namespace camctl::rtsp
