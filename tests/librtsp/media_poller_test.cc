#include "librtsp/media_poller.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace camctl::rtsp {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0);
    near = os::Fd(fds[0]);
    far = os::Fd(fds[1]);
  }
  void send() const { REQUIRE(::write(far.get(), "x", 1) == 1); }
  os::Fd near, far;
};

// Counts what comes and when.
struct Reader final : MediaPoller::Handler {
  bool on_readable(int fd, std::span<std::uint8_t> scratch, Clock::time_point now) override {
    ssize_t size = 0;
    for (std::size_t got = 0;
         got < most && (size = ::read(fd, scratch.data(), std::min(scratch.size(), most))) > 0;)
      got += static_cast<std::size_t>(size);
    ended = ended || size == 0;
    ++reads;
    at = now;
    if (then) then();
    return tells && size > 0;
  }
  std::size_t most = 1000;  // bytes of one call
  bool tells = true;        // of what it leaves alone
  bool ended = false;
  int reads = 0;
  Clock::time_point at;
  std::function<void()> then;
};

TEST_CASE("media poller: sockets in a hurry are looked at several times while the others wait") {
  EventLoop loop;
  auto& poller = MediaPoller::of(loop);
  Pair slow, quick;
  Reader slow_reader, quick_reader;
  poller.add(loop, slow.near.get(), slow_reader);
  poller.add(loop, quick.near.get(), quick_reader);
  poller.set_hurry(quick.near.get(), true);
  poller.set_hurry(quick.near.get(), true);
  poller.set_hurry(12345, true);  // not there: nothing happens
  const auto both = [&] {
    slow.send();
    quick.send();
  };
  both();
  quick_reader.then = slow_reader.then = [&] {
    if (slow_reader.reads >= 10) return loop.stop();
    both();  // something to read at every look
  };
  loop.run();
  CHECK(quick_reader.reads >= 2 * slow_reader.reads);

  poller.set_hurry(quick.near.get(), false);
  poller.remove(slow.near.get());
  poller.remove(slow.near.get());
  quick_reader.then = nullptr;
  poller.remove(quick.near.get());
}

TEST_CASE("media poller: what a handler leaves alone is read without another event") {
  EventLoop loop;
  auto& poller = MediaPoller::of(loop);
  Pair pair;
  Reader reader;
  reader.most = 1;
  reader.then = [&] {
    if (reader.reads == 3) loop.stop();
  };
  for (int i = 0; i < 3; ++i) pair.send();
  poller.add(loop, pair.near.get(), reader);
  loop.run();
  CHECK(reader.reads == 3);
  poller.remove(pair.near.get());
}

TEST_CASE("media poller: an end that comes with the last bytes is seen") {
  EventLoop loop;
  auto& poller = MediaPoller::of(loop);
  Pair pair;
  Reader reader;
  reader.then = [&] {
    if (reader.ended) loop.stop();
  };
  reader.most = 1;  // one byte is there: as a short read from TCP, this leaves the end alone
  reader.tells = false;
  pair.send();
  pair.far = os::Fd();
  poller.add(loop, pair.near.get(), reader);
  loop.run();
  CHECK(reader.ended);
  poller.remove(pair.near.get());
}

}  // namespace
}  // namespace camctl::rtsp
