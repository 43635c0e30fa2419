#include "apps/serve/service_watch.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <future>
#include <string>

#include "base/os/fd.h"

using namespace camctl;
using namespace camctl::apps::serve;

namespace {

// A service manager's end: NOTIFY_SOCKET is set while it lives.
class Manager {
 public:
  Manager() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const std::string name = "camctl-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());  // abstract: leaves no file
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~Manager() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  // The next message; "" if none comes in time.
  std::string next(int milliseconds = 5000) const {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (::poll(&wait, 1, milliseconds) != 1) return "";
    std::array<char, 256> text;
    const auto size = ::recv(fd_.get(), text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  os::Fd fd_;
};

}  // namespace

TEST_CASE("service watch: a loop that hangs silences the watchdog until it answers again") {
  const Manager manager;
  ::setenv("WATCHDOG_USEC", "40000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EventLoop control, well, sick;
  well.start("well");
  sick.start("sick");
  std::unique_ptr<ServiceWatch> watch;
  control.post([&] {
    watch = std::make_unique<ServiceWatch>(control, std::vector<EventLoop*>{&well, &sick});
    watch->ready("serving");
  });
  control.start("control");
  CHECK(manager.next() == "READY=1\nSTATUS=serving");
  for (int i = 0; i < 3; ++i) CHECK(manager.next() == "WATCHDOG=1");

  std::promise<void> recovers, hangs;
  sick.post([&] {
    hangs.set_value();
    recovers.get_future().wait();
  });
  hangs.get_future().wait();
  while (manager.next(100) == "WATCHDOG=1") continue;  // those of rounds that it had answered: two at most
  CHECK(manager.next(200).empty());
  recovers.set_value();
  CHECK(manager.next() == "WATCHDOG=1");

  std::promise<void> gone;
  control.post([&] {
    watch->stopping();
    watch.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  std::string last;
  while ((last = manager.next(100)) == "WATCHDOG=1") continue;
  CHECK(last == "STOPPING=1");
}

TEST_CASE("service watch: without a manager, and with another's watchdog, it is silent") {
  {
    const os::ServiceManager none;
    CHECK_FALSE(none.watchdog());
    none.notify("READY=1");  // goes nowhere
  }
  const Manager manager;
  ::setenv("WATCHDOG_USEC", "40000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(os::ServiceManager().watchdog());
  ::unsetenv("WATCHDOG_PID");
  CHECK(os::ServiceManager().watchdog() == std::chrono::milliseconds(40));
  for (const char* nonsense : {"", "0", "-1", "4e4", "99999999999999999999"}) {
    CAPTURE(nonsense);
    ::setenv("WATCHDOG_USEC", nonsense, 1);
    CHECK_FALSE(os::ServiceManager().watchdog());
  }
}
