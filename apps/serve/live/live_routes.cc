#include "apps/serve/http/websocket_frames.h"
#include "apps/serve/live/live_viewer.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"

namespace camctl::apps::serve {
namespace {

// What a viewer holds while its WebSocket is open.
struct Presence {
  std::shared_ptr<void> counted, joined;
};

void open_live(const ServedCameraPtr& camera, const Request& request, const ExchangePtr& exchange) {
  const auto presence = std::make_shared<Presence>();
  const auto self = std::make_shared<std::weak_ptr<LiveViewer>>();
  const auto viewer = std::make_shared<LiveViewer>(
      [presence, self, weak = std::weak_ptr(camera), index = exchange->loop_index()] {
        const auto opened = self->lock();
        const auto still = weak.lock();
        if (!still) return opened->finish(CloseCode::kRestart, "the camera was changed");
        presence->counted = still->viewers().join();
        presence->joined = still->live().join(opened, index);
      },
      [presence] { *presence = {}; });
  *self = viewer;
  exchange->open_websocket(websocket_accept(request.header("sec-websocket-key")), viewer);
}

}  // namespace

void add_live_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  routes.push_back({Method::kGet, "/api/cameras/{id}/live",
                    [context](const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto camera = context->cameras.watch(request->params.text("id"));
                      if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
                      if (auto refusal = refuse_handshake(*request))
                        return exchange->send(std::move(*refusal));
                      open_live(camera, *request, exchange);
                    },
                    "WebSocket: fMP4 for Media Source Extensions, from the newest key frame on"});
}

}  // namespace camctl::apps::serve
