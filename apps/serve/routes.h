// The handlers behind the one table of routes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/serve/assets.h"
#include "apps/serve/camera_manager.h"
#include "apps/serve/http/http_counters.h"
#include "apps/serve/http/router.h"
#include "apps/serve/http/server.h"

namespace camctl::apps::serve {

class DeviceControl;
class DiskReader;
class EventLog;
class EventWatch;
class Snapshots;

// A change of the file of cameras, asked for over HTTP. Runs on the control loop: reads the file, lets
// `change` edit the entries, writes them atomically, applies them, and then calls `done`.
using Change = std::function<Result<Camera>(std::vector<Camera>& cameras)>;
using ApplyChange = std::function<void(Change change, std::function<void(Result<Camera>)> done)>;

struct RouteContext {
  CameraManager& cameras;
  ApplyChange apply_change;                  // thread-safe
  std::function<bool()> may_keep_passwords;  // of cameras added over HTTP; thread-safe
  std::function<bool()> ready;               // thread-safe
  Snapshots& snapshots;
  DiskReader& disk_reader;
  std::function<void(std::function<void()>)> run_on_control;  // thread-safe
  std::function<HttpTotals()> http_totals;                    // thread-safe
  DeviceControl& devices;
  EventLog& event_log;
  EventWatch& event_watch;
  std::vector<EventLoop*> loops;  // of connections, by Exchange::loop_index()
  std::optional<ListenAddress> restream;
};

namespace auth {
class Gate;
}

// All that follows: the one table.
std::vector<Route> all_routes(const std::shared_ptr<const RouteContext>& context,
                              const std::shared_ptr<auth::Gate>& gate, const std::vector<Asset>& assets);

// /api/cameras…, /healthz, /readyz
void add_api_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// /metrics
void add_metrics_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// /hls/{id}/…
void add_hls_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// /api/cameras/{id}/live
void add_live_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// /api/cameras/{id}/snapshot.jpg
void add_snapshot_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// /api/cameras/{id}/ptz, /api/cameras/{id}/presets…
void add_device_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// /api/events…, /api/cameras/{id}/events
void add_event_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context);
// The dashboard's files. The assets must outlive the router.
void add_asset_routes(std::vector<Route>& routes, const std::vector<Asset>& assets);

// The entry of a camera with what interface.md adds to it: status, reason, viewers, bitrate_kbps, fps,
// last_frame. `restream`: "rtsp://host:port/" where cameras are restreamed; empty: they are not.
nlohmann::ordered_json describe(ServedCamera& camera, const std::string& restream);

}  // namespace camctl::apps::serve
