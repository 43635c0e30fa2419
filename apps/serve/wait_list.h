// Requests that wait for a camera to get on: woken once per event loop, not once per viewer.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "apps/serve/http/message.h"
#include "base/event_loop.h"

namespace camctl::apps::serve {

class WaitList {
 public:
  // The loops that connections live on, by Exchange::loop_index(). They must outlive the list.
  explicit WaitList(const std::vector<EventLoop*>& loops);

  // Answers the exchange if it can be answered now, and returns whether it did.
  using Attempt = std::function<bool()>;

  // Tries at once, then at each wake() until it succeeds or nobody waits for the answer any more. On the
  // exchange's loop. Attempts run there too.
  void add(const ExchangePtr& exchange, Attempt attempt);

  // True while somebody waits (or did a moment ago). Thread-safe.
  bool any() const;

  // Has every waiting attempt tried again soon. Thread-safe, cheap where nobody waits.
  void wake();

 private:
  struct PerLoop;
  std::vector<std::shared_ptr<PerLoop>> loops_;
};

}  // namespace camctl::apps::serve
