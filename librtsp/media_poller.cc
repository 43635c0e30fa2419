#include "librtsp/media_poller.h"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cassert>
#include <utility>

namespace camctl::rtsp {

namespace {

void change(const os::Fd& set, int operation, int fd) {
  epoll_event event{};
  // Edge-triggered: else epoll_wait would look at each socket again after it was read, only to find it empty.
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.fd = fd;
  [[maybe_unused]] const int result = epoll_ctl(set.get(), operation, fd, &event);
  assert(result == 0);
}

}  // namespace

MediaPoller::MediaPoller(boost::asio::execution_context& context)
    : service(context),
      relaxed_(epoll_create1(EPOLL_CLOEXEC)),
      hurried_(epoll_create1(EPOLL_CLOEXEC)),
      scratch_(kScratchBytes) {}

MediaPoller& MediaPoller::of(EventLoop& loop) {
  return boost::asio::use_service<MediaPoller>(static_cast<boost::asio::execution_context&>(loop.context()));
}

void MediaPoller::shutdown() {
  assert(entries_.empty());
  timer_.reset();
}

void MediaPoller::add(EventLoop& loop, int fd, Handler& handler) {
  change(relaxed_, EPOLL_CTL_ADD, fd);
  entries_[fd] = {&handler};
  if (ticking_) return;
  ticking_ = true;
  if (!timer_) timer_.emplace(loop);
  schedule();
}

void MediaPoller::remove(int fd) {
  const auto found = entries_.find(fd);
  if (found == entries_.end()) return;
  epoll_ctl((found->second.hurry ? hurried_ : relaxed_).get(), EPOLL_CTL_DEL, fd, nullptr);
  if (found->second.hurry) --in_hurry_;
  entries_.erase(found);
}

void MediaPoller::set_hurry(int fd, bool hurry) {
  const auto found = entries_.find(fd);
  if (found == entries_.end() || found->second.hurry == hurry) return;
  change(hurry ? relaxed_ : hurried_, EPOLL_CTL_DEL, fd);
  change(hurry ? hurried_ : relaxed_, EPOLL_CTL_ADD, fd);
  found->second.hurry = hurry;
  in_hurry_ += hurry ? 1 : std::size_t(-1);
  if (hurry && in_hurry_ == 1) schedule();  // the tick that is set may be far
}

void MediaPoller::read(int fd, std::chrono::steady_clock::time_point now) {
  // A handler before it may have removed it.
  if (const auto found = entries_.find(fd); found != entries_.end())
    if (found->second.handler->on_readable(fd, scratch_, now)) unfinished_.push_back(fd);
}

// True where there may be more than it has looked at.
bool MediaPoller::look(const os::Fd& set, std::chrono::steady_clock::time_point now) {
  constexpr int kEventsPerLook = 256;
  std::array<epoll_event, kEventsPerLook> events;
  const int count = epoll_wait(set.get(), events.data(), kEventsPerLook, 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    read(event.data.fd, now);
    // Behind the last bytes the end itself is to be read, which makes no event of its own.
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) unfinished_.push_back(event.data.fd);
  }
  return count == kEventsPerLook;
}

void MediaPoller::tick() {
  const auto now = std::chrono::steady_clock::now();
  for (const int fd : std::exchange(unfinished_, {})) read(fd, now);
  bool more = in_hurry_ > 0 && look(hurried_, now);
  // Half a hurried tick early is better than a whole one late.
  if (now - looked_at_relaxed_ >= kTick - kHurryTick / 2) {
    more = look(relaxed_, now) || more;
    if (!more) looked_at_relaxed_ = now;
  }
  ticking_ = !entries_.empty();
  if (more || !unfinished_.empty())
    timer_->after(std::chrono::milliseconds(0), [this] { tick(); });
  else if (ticking_)
    schedule();
}

void MediaPoller::schedule() {
  timer_->after(in_hurry_ > 0 ? kHurryTick : kTick, [this] { tick(); });
}

}  // namespace camctl::rtsp
