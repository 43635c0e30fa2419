#include "apps/serve/events/event_viewer.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace camctl::apps::serve {
namespace {

// When a client that lost us tries again, ms.
constexpr std::string_view kGreeting = "retry: 3000\n\n";
// It was away for longer than the log remembers.
constexpr std::string_view kLost = "data: {\"type\":\"lost\"}\n\n";

}  // namespace

void EventViewer::on_open(std::function<void()> wake) {
  wake_ = std::move(wake);
  listening_ = log_.listen([weak = weak_from_this()] {
    const auto self = weak.lock();
    // One wake for all that comes meanwhile.
    if (!self || self->wake_posted_.exchange(true)) return;
    self->loop_.post([self] {
      self->wake_posted_ = false;
      const auto wake_now = self->wake_;  // which may end this, and forget it
      if (wake_now) wake_now();
    });
  });
  joined_ = std::exchange(join_, nullptr)();
}

std::string EventViewer::next() {
  std::string out;
  if (!std::exchange(greeted_, true)) out = kGreeting;
  const auto batch = log_.read(after_, filter_, kAtOnce);
  after_ = batch.last;
  if (batch.lost) out += kLost;
  for (const auto& event : batch.events)
    fmt::format_to(std::back_inserter(out), "id: {}\ndata: {}\n\n", event->id, event->json);
  return out;
}

void EventViewer::on_end() {
  wake_ = nullptr;
  listening_.reset();
  joined_.reset();
}

}  // namespace camctl::apps::serve
