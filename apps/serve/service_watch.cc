#include "apps/serve/service_watch.h"

#include <atomic>

namespace camctl::apps::serve {

struct ServiceWatch::Round {
  std::atomic<std::size_t> answers{0};
};

ServiceWatch::ServiceWatch(EventLoop& control, std::vector<EventLoop*> loops)
    : control_(control), loops_(std::move(loops)), timer_(control_) {}

ServiceWatch::~ServiceWatch() = default;

void ServiceWatch::ready(const std::string& status) {
  manager_.notify("READY=1\nSTATUS=" + status);
  if (!manager_.watchdog() || round_) return;
  manager_.notify("WATCHDOG=1");
  ask();
}

void ServiceWatch::reloading() { manager_.notify("RELOADING=1"); }
void ServiceWatch::stopping() { manager_.notify("STOPPING=1"); }

// Twice in the time that the manager gives, as sd_watchdog_enabled(3) advises; while a loop does not answer
// it is waited for, and if it never does, the manager hears no more.
void ServiceWatch::ask() {
  round_ = std::make_shared<Round>();
  for (auto* loop : loops_) loop->post([round = round_] { ++round->answers; });
  look_later();
}

void ServiceWatch::look_later() {
  timer_.after(*manager_.watchdog() / 2, [this] {
    if (round_->answers < loops_.size()) return look_later();
    manager_.notify("WATCHDOG=1");
    ask();
  });
}

}  // namespace camctl::apps::serve
