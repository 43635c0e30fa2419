#include "base/os/poller.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace camctl::os {
namespace {

epoll_event interest(bool read, bool write, std::uint64_t tag) {
  epoll_event event{};
  event.events = (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u);
  event.data.u64 = tag;
  return event;
}

Result<void> control(int poller, int operation, int fd, epoll_event event) {
  if (epoll_ctl(poller, operation, fd, &event) == 0) return {};
  return fail(ErrorCode::kIo, std::string("watching a socket: ") + std::generic_category().message(errno));
}

}  // namespace

Result<Poller> Poller::create() {
  Fd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd)
    return fail(ErrorCode::kIo,
                std::string("making an epoll set: ") + std::generic_category().message(errno));
  return Poller(std::move(fd));
}

Result<void> Poller::add(int fd, bool read, bool write, std::uint64_t tag) {
  return control(fd_.get(), EPOLL_CTL_ADD, fd, interest(read, write, tag));
}

Result<void> Poller::change(int fd, bool read, bool write, std::uint64_t tag) {
  return control(fd_.get(), EPOLL_CTL_MOD, fd, interest(read, write, tag));
}

void Poller::remove(int fd) { epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

const std::vector<Poller::Event>& Poller::wait(std::chrono::milliseconds timeout) {
  std::array<epoll_event, kMaxEvents> ready;
  const int count = epoll_wait(fd_.get(), ready.data(), kMaxEvents, static_cast<int>(timeout.count()));
  events_.clear();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    events_.push_back(
        {event.data.u64, broken || (event.events & EPOLLIN) != 0, broken || (event.events & EPOLLOUT) != 0});
  }
  return events_;
}

}  // namespace camctl::os
