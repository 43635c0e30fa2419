// What stands between a request that has found its route and the route's handler.
#pragma once

#include <functional>
#include <memory>

#include "apps/serve/http/message.h"
#include "apps/serve/http/router.h"

namespace camctl::apps::serve {

class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  // Before the route is looked for: takes off the path what is the gatekeeper's.
  virtual void prepare(Request&) const {}
  // Sets `request->who` and calls `proceed`, or answers. At once, or later on the connection's loop; on that
  // loop only.
  virtual void admit(const std::shared_ptr<Request>& request, const Route& route, const ExchangePtr& exchange,
                     std::function<void()> proceed) = 0;
  // Whatever it does on threads of its own ends: they may use the loops until then. Admits no more that needs
  // them.
  virtual void stop() {}
};
using GatekeeperPtr = std::shared_ptr<Gatekeeper>;

}  // namespace camctl::apps::serve
