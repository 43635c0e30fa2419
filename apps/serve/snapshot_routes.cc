#include "apps/serve/devices/device_control.h"
#include "apps/serve/http/target.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"
#include "apps/serve/snapshots.h"
#include "base/number.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// A camera that is just connecting has a key frame soon; one that is away is known to be within this time.
constexpr auto kFirstPictureWait = 10s;
constexpr auto kWorkerWait = 10s;  // hundreds of pictures before this one
// Narrower is no picture, wider no camera.
constexpr unsigned kLeastWidth = 16, kMostWidth = 7680;
constexpr auto kCameraWait = 25s;  // a camera that is asked for the first time takes some requests
constexpr const char* kSnapshotCache = "private, max-age=1";  // as often as it changes

// `?width=N`; 0 where it is not there.
Result<unsigned> width_of(const Request& request) {
  const auto text = query_value(request.query, "width");
  if (text.empty()) return 0;
  const auto width = parse_number<unsigned>(text);
  if (!width || *width < kLeastWidth || *width > kMostWidth)
    return fail(ErrorCode::kUsage, "\"width\" must be a number of pixels from 16 to 7680");
  return *width;
}

Response picture_response(const Result<Snapshot>& snapshot) {
  if (!snapshot) {
    auto response =
        error_response(503, name(snapshot.error().code), snapshot.error().message, snapshot.error().hint);
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  Response response;
  response.content_type = "image/jpeg";
  response.cache_control = kSnapshotCache;
  response.etag = snapshot->etag;
  response.body = snapshot->jpeg;
  return response;
}

// True once the answer is on its way: a picture, or that there is none. An old picture of a camera that is
// away would pass for its present one.
bool try_snapshot(Snapshots& snapshots, const ServedCameraPtr& camera, unsigned width,
                  const ExchangePtr& exchange) {
  const auto state = camera->status().state;
  if (hls::is_away(state)) {
    exchange->send(not_playable(*camera));
    return true;
  }
  if (state != hls::StreamState::kLive || camera->stream().newest_gop().units.empty()) return false;
  exchange->hold(kWorkerWait, [] {
    return picture_response(fail(ErrorCode::kLimit, "too many snapshots are being made"));
  });
  snapshots.get(camera, width,
                [exchange](const Result<Snapshot>& snapshot) { exchange->send(picture_response(snapshot)); });
  return true;
}

// The camera's own picture, which may be larger than its stream's.
void send_own_picture(const RouteContext& context, const ServedCameraPtr& camera,
                      const ExchangePtr& exchange) {
  const auto id = camera->camera()->id;
  const auto device = context.cameras.onvif(id);
  if (!device) return exchange->send(device_error(device.error()));
  exchange->hold(kCameraWait, [id] {
    return device_error({ErrorCode::kTimeout, "camera " + id + " does not answer", "try again"});
  });
  const auto line = context.devices.line(*device);
  const auto picture = std::make_shared<std::shared_ptr<const std::string>>();
  line->ask(
      [picture, stop = line->stopping()](DeviceLink& link) -> Result<DeviceLine::Json> {
        auto taken = link.picture(stop);
        if (!taken) return fail(taken.error());
        *picture = std::move(*taken);
        return DeviceLine::Json();
      },
      [picture, exchange](const Result<DeviceLine::Json>& result) {
        if (!result) return exchange->send(device_error(result.error()));
        auto response = text_response(200, "image/jpeg", **picture);
        response.cache_control = kSnapshotCache;
        response.etag = content_etag(**picture);
        exchange->send(std::move(response));
      });
}

// `?source=camera`; false: the newest key frame is meant. kUsage for anything else.
Result<bool> from_camera(const Request& request) {
  const auto source = query_value(request.query, "source");
  if (source.empty() || source == "stream") return false;
  if (source != "camera") return fail(ErrorCode::kUsage, "\"source\" must be stream or camera");
  if (!query_value(request.query, "width").empty())
    return fail(ErrorCode::kUsage, "a camera's own picture has its own width");
  return true;
}

}  // namespace

void add_snapshot_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  const auto handle = [context](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto own = from_camera(*request);
    if (!own) return exchange->send(error_response(own.error()));
    const auto& id = request->params.text("id");
    const auto camera = *own ? context->cameras.find(id) : context->cameras.watch(id);
    if (!camera) return exchange->send(no_such_camera(id));
    if (*own) return send_own_picture(*context, camera, exchange);
    const auto width = width_of(*request);
    if (!width) return exchange->send(error_response(width.error()));
    auto& snapshots = context->snapshots;
    if (try_snapshot(snapshots, camera, *width, exchange)) return;
    exchange->hold(kFirstPictureWait, [camera] { return not_playable(*camera); });
    camera->waiting().add(exchange, [&snapshots, weak = std::weak_ptr(camera), width = *width, exchange] {
      const auto still = weak.lock();
      if (still) return try_snapshot(snapshots, still, width, exchange);
      exchange->send(camera_changed());
      return true;
    });
  };
  routes.push_back(
      {Method::kGet, "/api/cameras/{id}/snapshot.jpg", handle,
       "the newest key frame as JPEG, at most ?width= pixels wide; ?source=camera: the camera's own"});
}

}  // namespace camctl::apps::serve
