#include "base/os/poller.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace camctl;
using namespace std::chrono_literals;

TEST_CASE("what is ready is told with its tag") {
  auto poller = os::Poller::create();
  REQUIRE(poller);
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const os::Fd left(ends[0]);
  os::Fd right(ends[1]);
  REQUIRE(poller->add(left.get(), true, false, 7));
  CHECK(poller->wait(0ms).empty());
  REQUIRE(write(right.get(), "x", 1) == 1);
  REQUIRE(poller->wait(1000ms).size() == 1);
  CHECK(poller->wait(0ms)[0].tag == 7);
  CHECK(poller->wait(0ms)[0].readable);
  CHECK_FALSE(poller->wait(0ms)[0].writable);
  REQUIRE(poller->change(left.get(), false, true, 8));
  CHECK(poller->wait(0ms)[0].tag == 8);
  CHECK(poller->wait(0ms)[0].writable);
  right.reset();
  CHECK(poller->wait(0ms)[0].readable);  // hung up
  poller->remove(left.get());
  CHECK(poller->wait(0ms).empty());
  CHECK_FALSE(poller->add(-1, true, false, 1));
}
