#include <fmt/format.h>

#include <functional>

#include "apps/serve/routes.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// A player's first request may come before the camera's first segment: it waits so long, which is longer than
// max(GOP, 2 s) + 1 s after any camera's connecting, and shorter than players' own time-outs.
constexpr auto kFirstSegmentWait = 10s;
constexpr const char* kRetryAfter = "2";  // s; a reconnect takes 1 to 4

constexpr const char* kPlaylistType = "application/vnd.apple.mpegurl";
constexpr const char* kPlaylistCache = "no-cache";
// Names never come back with other bytes.
constexpr const char* kSegmentCache = "public, max-age=3600, immutable";

std::uint64_t client_key(const Request& request) {
  const auto hash = std::hash<std::string_view>{};
  const auto& bytes = request.client.bytes;
  return hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) * 31 +
         hash(request.header("user-agent"));
}

Response no_such_camera(std::string_view id) {
  return error_response(404, "not_found", fmt::format("there is no camera \"{}\"", id),
                        "GET /api/cameras lists what there is");
}

Response playlist_response(const PlaylistPtr& playlist) {
  Response response;
  response.content_type = kPlaylistType;
  response.cache_control = kPlaylistCache;
  response.etag = playlist->etag;
  response.body = playlist->body;
  return response;
}

Response not_playable(const ServedCamera& camera) {
  const auto status = camera.status();
  auto response =
      error_response(503, "unavailable",
                     fmt::format("camera {} is {}{}{}", camera.camera()->id, hls::name(status.state),
                                 status.reason.empty() ? "" : ": ", status.reason),
                     "it is tried again all the time");
  response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

// The camera was removed or made anew while a request waited for it.
Response gone() {
  auto response = error_response(503, "unavailable", "the camera was changed meanwhile", "ask again");
  response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

// True once there is an answer: the playlist, or that the camera is known to be away.
bool try_playlist(ServedCamera& camera, PlaylistKind kind, const ExchangePtr& exchange) {
  if (const auto playlist = camera.playlist(kind)) {
    exchange->send(playlist_response(playlist));
    return true;
  }
  const auto state = camera.status().state;
  if (state != hls::StreamState::kOffline && state != hls::StreamState::kError) return false;
  exchange->send(not_playable(camera));
  return true;
}

Handler playlist_handler(const std::shared_ptr<const RouteContext>& context, PlaylistKind kind) {
  return [context, kind](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto camera = context->cameras.find(request->params.text("id"));
    if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
    if (try_playlist(*camera, kind, exchange)) return;
    exchange->hold(kFirstSegmentWait, [camera] { return not_playable(*camera); });
    camera->waiting().add(exchange, [weak = std::weak_ptr(camera), kind, exchange] {
      const auto still = weak.lock();
      if (still) return try_playlist(*still, kind, exchange);
      exchange->send(gone());
      return true;
    });
  };
}

using GetMedia = std::function<Result<hls::BodyPtr>(const hls::Stream&, const Params&)>;

Handler media_handler(const std::shared_ptr<const RouteContext>& context, const char* type, GetMedia get) {
  return [context, type, get = std::move(get)](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto camera = context->cameras.find(request->params.text("id"));
    if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
    auto body = get(camera->stream(), request->params);
    if (!body) return exchange->send(error_response(body.error()));
    camera->viewers().seen(client_key(*request), Viewers::Clock::now());
    Response response;
    response.content_type = type;
    response.cache_control = kSegmentCache;
    response.ranges = true;
    response.body = std::move(*body);
    exchange->send(std::move(response));
  };
}

}  // namespace

void add_hls_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  const auto get = [&](std::string_view pattern, Handler handler, std::string_view summary) {
    routes.push_back({Method::kGet, pattern, std::move(handler), summary});
  };
  get("/hls/{id}/playlist.m3u8", playlist_handler(context, PlaylistKind::kTs),
      "media playlist of MPEG-TS segments");
  get("/hls/{id}/playlist{#n}.ts",
      media_handler(context, "video/mp2t",
                    [](const hls::Stream& stream, const Params& params) {
                      return stream.ts_segment(params.number("n"));
                    }),
      "an MPEG-TS segment");
  get("/hls/{id}/index.m3u8", playlist_handler(context, PlaylistKind::kMultivariant),
      "multivariant playlist");
  get("/hls/{id}/main/media.m3u8", playlist_handler(context, PlaylistKind::kFmp4),
      "media playlist of fMP4 segments");
  get("/hls/{id}/main/init-{#v}.mp4",
      media_handler(context, "video/mp4",
                    [](const hls::Stream& stream, const Params& params) -> Result<hls::BodyPtr> {
                      constexpr std::uint64_t kMaxVersion = 0xffffffff;
                      if (params.number("v") > kMaxVersion)
                        return fail(ErrorCode::kNotFound, "there is no such initialisation segment");
                      return stream.init_segment(static_cast<std::uint32_t>(params.number("v")));
                    }),
      "an fMP4 initialisation segment");
  get("/hls/{id}/main/seg{#n}.m4s",
      media_handler(context, "video/mp4",
                    [](const hls::Stream& stream, const Params& params) {
                      return stream.fmp4_segment(params.number("n"));
                    }),
      "an fMP4 segment");
}

}  // namespace camctl::apps::serve
