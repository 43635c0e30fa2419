// GET and POST /api/tokens, DELETE /api/tokens/{token}, POST /api/cameras/{id}/link.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "apps/serve/auth/gate.h"
#include "apps/serve/http/router.h"

namespace camctl::apps::serve::auth {

// Runs a task that writes to the disk on a thread where that holds nobody up. Thread-safe.
using PostTask = std::function<void(std::function<void()>)>;

void add_key_routes(std::vector<Route>& routes, const std::shared_ptr<Gate>& gate, const PostTask& post);

}  // namespace camctl::apps::serve::auth
