#include "apps/common/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "apps/common/app.h"

namespace camctl::apps {
namespace {

constexpr char kSignalled = 's';
constexpr char kQuit = 'q';
constexpr int kInterrupted = 130;

// A signal handler can reach nothing but static storage.
std::atomic<int> signal_pipe{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int) {
  const int saved = errno;
  const int fd = signal_pipe.load();
  if (fd >= 0) (void)!write(fd, &kSignalled, 1);
  errno = saved;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

Result<std::unique_ptr<SignalStop>> SignalStop::install() {
  int fds[2];
  if (pipe(fds) != 0)
    return fail(ErrorCode::kIo, std::string("making a pipe: ") + std::generic_category().message(errno));
  for (int fd : fds) fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fds[1], F_SETFL, O_NONBLOCK);
  std::unique_ptr<SignalStop> self(new SignalStop);
  self->read_fd_ = fds[0];
  self->write_fd_ = fds[1];
  self->watcher_ = std::thread([raw = self.get()] { raw->watch(); });
  signal_pipe = fds[1];
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
  handle(SIGPIPE, SIG_IGN);
  handle(SIGXFSZ, SIG_IGN);
  return self;
}

SignalStop::~SignalStop() {
  signal_pipe = -1;
  (void)!write(write_fd_, &kQuit, 1);
  if (watcher_.joinable()) watcher_.join();
  close(read_fd_);
  close(write_fd_);
}

void SignalStop::watch() {
  // Signals are for the other threads: this one only reads what their handler wrote.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  char byte = 0;
  if (read(read_fd_, &byte, 1) != 1 || byte == kQuit) return;
  stop_.request_stop();
  pollfd wait{read_fd_, POLLIN, 0};
  if (poll(&wait, 1, static_cast<int>(kStopGrace.count())) > 0 && read(read_fd_, &byte, 1) == 1 &&
      byte == kQuit)
    return;
  _exit(kInterrupted);
}

}  // namespace camctl::apps
