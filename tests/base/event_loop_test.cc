#include "base/event_loop.h"

#include <doctest/doctest.h>

#include <future>
#include <vector>

using namespace camctl;
using namespace std::chrono_literals;

TEST_CASE("tasks run in order on the loop's own thread") {
  EventLoop loop;
  loop.start("test-loop");
  std::vector<int> order;
  std::promise<bool> done;
  for (int i = 0; i < 3; ++i) loop.post([&order, i] { order.push_back(i); });
  loop.post([&] { done.set_value(loop.on_loop_thread()); });
  CHECK(done.get_future().get());
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(!loop.on_loop_thread());
}

TEST_CASE("a timer fires once; setting it again replaces it; cancelling or destroying it silences it") {
  EventLoop loop;
  std::vector<int> fired;
  Timer replaced(loop), cancelled(loop), last(loop);
  auto destroyed = std::make_unique<Timer>(loop);
  replaced.after(1ms, [&] { fired.push_back(1); });
  replaced.after(2ms, [&] { fired.push_back(2); });
  cancelled.after(1ms, [&] { fired.push_back(3); });
  cancelled.cancel();
  destroyed->after(1ms, [&] { fired.push_back(4); });
  destroyed.reset();
  last.after(5ms, [&] { loop.stop(); });
  loop.run();
  CHECK(fired == std::vector<int>{2});
}

TEST_CASE("a timer may be destroyed or set again by its own task") {
  EventLoop loop;
  auto timer = std::make_unique<Timer>(loop);
  int count = 0;
  std::function<void()> task = [&] {
    if (++count < 3) {
      timer->after(1ms, task);
    } else {
      timer.reset();
      loop.stop();
    }
  };
  timer->after(1ms, task);
  loop.run();
  CHECK(count == 3);
}

TEST_CASE("stop before start does not hang") {
  EventLoop loop;
  loop.stop();
  loop.start("test-loop");
}
