#include "apps/serve/routes.h"

#include "apps/serve/auth/gate.h"
#include "apps/serve/auth/key_routes.h"

namespace camctl::apps::serve {

std::vector<Route> all_routes(const std::shared_ptr<const RouteContext>& context,
                              const std::shared_ptr<auth::Gate>& gate, const std::vector<Asset>& assets) {
  std::vector<Route> routes;
  add_api_routes(routes, context);
  add_hls_routes(routes, context);
  add_live_routes(routes, context);
  add_snapshot_routes(routes, context);
  add_device_routes(routes, context);
  add_event_routes(routes, context);
  add_metrics_routes(routes, context);
  auth::add_session_routes(routes, gate);
  auth::add_key_routes(routes, gate, context->run_on_control);
  add_asset_routes(routes, assets);
  return routes;
}

}  // namespace camctl::apps::serve
