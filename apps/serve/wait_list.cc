#include "apps/serve/wait_list.h"

#include <algorithm>
#include <atomic>

namespace camctl::apps::serve {
namespace {

struct Waiter {
  ExchangePtr exchange;
  WaitList::Attempt attempt;
};

constexpr std::size_t kFirstSweep = 64;  // waiters, before those whose client left are looked for

}  // namespace

struct WaitList::PerLoop {
  explicit PerLoop(EventLoop& l) : loop(l) {}

  // On the loop: drops what is answered or abandoned.
  void try_all() {
    std::erase_if(waiters, [](const Waiter& waiter) { return waiter.exchange->done() || waiter.attempt(); });
    count = waiters.size();
  }

  EventLoop& loop;
  std::vector<Waiter> waiters;
  std::size_t sweep_at = kFirstSweep;
  std::atomic<std::size_t> count{0};  // of waiters, for wake()
  std::atomic<bool> woken{false};     // a try_all() is on its way
};

WaitList::WaitList(const std::vector<EventLoop*>& loops) {
  for (auto* loop : loops) loops_.push_back(std::make_shared<PerLoop>(*loop));
}

void WaitList::add(const ExchangePtr& exchange, Attempt attempt) {
  auto& here = *loops_[exchange->loop_index()];
  // Counted before the attempt looks at the state, so that a change after that look finds somebody to wake.
  ++here.count;
  if (attempt()) {
    --here.count;
    return;
  }
  here.waiters.push_back({exchange, std::move(attempt)});
  if (here.waiters.size() < here.sweep_at) return;
  std::erase_if(here.waiters, [](const Waiter& waiter) { return waiter.exchange->done(); });
  here.count = here.waiters.size();
  here.sweep_at = std::max(kFirstSweep, 2 * here.waiters.size());
}

bool WaitList::any() const {
  return std::any_of(loops_.begin(), loops_.end(), [](const auto& there) { return there->count > 0; });
}

void WaitList::wake() {
  for (const auto& there : loops_) {
    if (there->count == 0 || there->woken.exchange(true)) continue;
    there->loop.post([there] {
      there->woken = false;
      there->try_all();
    });
  }
}

}  // namespace camctl::apps::serve
