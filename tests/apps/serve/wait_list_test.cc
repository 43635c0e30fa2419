#include "apps/serve/wait_list.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

namespace camctl::apps::serve {
namespace {

// Answers are counted instead of sent.
class CountedExchange : public Exchange {
 public:
  explicit CountedExchange(unsigned loop) : loop_(loop) {}
  void send(Response) override {
    if (!done_.exchange(true)) ++answers;
  }
  bool done() const override { return done_; }
  void hold(std::chrono::milliseconds, std::function<Response()>) override {}
  unsigned loop_index() const override { return loop_; }
  void leave() { done_ = true; }
  std::atomic<int> answers{0};

 private:
  unsigned loop_;
  std::atomic<bool> done_{false};
};

void pass(EventLoop& loop) {
  std::promise<void> passed;
  loop.post([&] { passed.set_value(); });
  passed.get_future().wait();
}

TEST_CASE("waiters are tried at once, then at each wake, until they are answered or gone") {
  EventLoop a, b;
  a.start("a");
  b.start("b");
  WaitList list({&a, &b});
  std::atomic<bool> there{false};
  std::atomic<int> tries{0};
  const auto attempt = [&](const std::shared_ptr<CountedExchange>& exchange) {
    return [&, exchange] {
      ++tries;
      if (there) exchange->send({});
      return there.load();
    };
  };
  const auto one = std::make_shared<CountedExchange>(0), two = std::make_shared<CountedExchange>(1),
             gone = std::make_shared<CountedExchange>(1);
  a.post([&] { list.add(one, attempt(one)); });
  b.post([&] {
    list.add(two, attempt(two));
    list.add(gone, attempt(gone));
  });
  pass(a);
  pass(b);
  CHECK(tries == 3);
  gone->leave();
  list.wake();
  pass(a);
  pass(b);
  CHECK(tries == 5);
  there = true;
  list.wake();
  pass(a);
  pass(b);
  CHECK(tries == 7);
  CHECK(one->answers == 1);
  CHECK(two->answers == 1);
  CHECK(gone->answers == 0);
  list.wake();
  pass(a);
  pass(b);
  CHECK(tries == 7);
  const auto late = std::make_shared<CountedExchange>(0);
  a.post([&] { list.add(late, attempt(late)); });
  pass(a);
  CHECK(late->answers == 1);
}

TEST_CASE("clients that come and leave don't pile up") {
  std::atomic<int> alive{0};  // outlives the list, whose waiters count it down
  EventLoop loop;
  loop.start("loop");
  WaitList list({&loop});
  std::promise<void> added;
  loop.post([&] {
    for (int i = 0; i < 10'000; ++i) {
      const auto exchange = std::make_shared<CountedExchange>(0);
      ++alive;
      list.add(exchange, [guard = std::shared_ptr<void>(nullptr, [&](void*) { --alive; })] { return false; });
      exchange->leave();
    }
    added.set_value();
  });
  added.get_future().wait();
  CHECK(alive < 200);
}

}  // namespace
}  // namespace camctl::apps::serve
