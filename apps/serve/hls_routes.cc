#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "apps/serve/disk_reader.h"
#include "apps/serve/hls_query.h"
#include "apps/serve/http/gzip.h"
#include "apps/serve/renditions.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"
#include "libhls/ll_playlist.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// A player's first request may come before the camera's first segment: it waits so long, which is longer than
// max(GOP, 2 s) + 1 s after any camera's connecting, and shorter than players' own time-outs.
constexpr auto kFirstSegmentWait = 10s;

constexpr const char* kPlaylistType = "application/vnd.apple.mpegurl";
constexpr const char* kFmp4Type = "video/mp4";
constexpr const char* kPlaylistCache = "no-cache";
// Names never come back with other bytes.
constexpr const char* kSegmentCache = "public, max-age=3600, immutable";

std::uint64_t client_key(const Request& request) {
  const auto hash = std::hash<std::string_view>{};
  const auto& bytes = request.client.bytes;
  return hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) * 31 +
         hash(request.header("user-agent"));
}

// RFC 8216bis §6.2.5.2: a request is held for three target durations at most.
std::chrono::milliseconds longest_hold(const ServedCamera& camera) {
  return 3 * camera.stream().state()->target_duration;
}

// What a blocking reload got does not change: its address holds the answer. As long as it is of use, six
// target durations.
std::string reload_cache(const hls::WindowState& state) {
  return fmt::format("public, max-age={}", 6 * state.target_duration.count());
}

Response no_such_rendition(std::string_view name) {
  return error_response(404, "not_found", fmt::format("there is no rendition \"{}\"", name),
                        "index.m3u8 names those that there are");
}

Response playlist_response(const PlaylistPtr& playlist, bool gzip, std::string cache) {
  Response response;
  response.content_type = kPlaylistType;
  response.cache_control = std::move(cache);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (const auto packed = gzip ? playlist->gzip_body() : nullptr) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.etag = playlist->gzip_etag();
    response.body = packed;
  } else {
    response.etag = playlist->etag();
    response.body = playlist->body();
  }
  return response;
}

// The rendition of the camera that a request names, which is connected by that if it is not. Null, and the
// request is answered, where there is none.
ServedCameraPtr wanted_rendition(const RouteContext& context, const Request& request,
                                 std::string_view rendition, const ExchangePtr& exchange) {
  const auto camera = context.cameras.find(request.params.text("id"));
  if (!camera) {
    exchange->send(no_such_camera(request.params.text("id")));
    return nullptr;
  }
  auto wanted = camera->rendition(rendition);
  if (wanted)
    wanted->wanted();
  else
    exchange->send(no_such_rendition(rendition));
  return wanted;
}

// True where there will be nothing for a while: the camera is known to be away.
bool is_away(const ServedCamera& camera) { return hls::is_away(camera.source_status().state); }

// True once there is an answer: the playlist, or that the camera is known to be away.
bool try_playlist(ServedCamera& camera, PlaylistKind kind, bool gzip, const ExchangePtr& exchange) {
  if (kind == PlaylistKind::kMultivariant && !is_away(camera) && !camera.renditions_known()) return false;
  if (const auto playlist = camera.playlist(kind)) {
    exchange->send(playlist_response(playlist, gzip, kPlaylistCache));
    return true;
  }
  if (!is_away(camera)) return false;
  exchange->send(not_playable(camera));
  return true;
}

// Answers when `attempt` can, at the latest after `longest`.
template <class Attempt>
void answer_when_ready(const ServedCameraPtr& camera, const ExchangePtr& exchange,
                       std::chrono::milliseconds longest, Attempt attempt) {
  if (attempt(*camera)) return;
  exchange->hold(longest, [camera] { return not_playable(*camera); });
  camera->waiting().add(exchange, [weak = std::weak_ptr(camera), exchange, attempt = std::move(attempt)] {
    const auto still = weak.lock();
    if (still) return attempt(*still);
    exchange->send(camera_changed());
    return true;
  });
}

Handler playlist_handler(const std::shared_ptr<const RouteContext>& context, PlaylistKind kind) {
  return [context, kind](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto camera = context->cameras.watch(request->params.text("id"));
    if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
    answer_when_ready(camera, exchange, kFirstSegmentWait,
                      [kind, gzip = accepts_gzip(request->header("accept-encoding")),
                       exchange](ServedCamera& there) { return try_playlist(there, kind, gzip, exchange); });
  };
}

// A request for a low-latency playlist, once its address and query are read.
struct ReloadRequest {
  ReloadQuery query;
  std::size_t epoch = 0;
  bool gzip = false;
};

// True once there is an answer (RFC 8216bis §6.2.5.2).
bool try_reload(ServedCamera& camera, const ReloadRequest& reload, const ExchangePtr& exchange) {
  const auto state = camera.stream().state();
  const auto& query = reload.query;
  if (query.msn) {
    switch (hls::reload(*state, reload.epoch, *query.msn, query.part)) {
      case hls::Reload::kLater:
        return false;
      case hls::Reload::kTooFar:
        exchange->send(error_response(400, "usage", "_HLS_msn or _HLS_part is too far ahead",
                                      "ask for what comes next, or without directives"));
        return true;
      case hls::Reload::kNow:
        break;
    }
  }
  if (const auto playlist = camera.playlist(state, reload.epoch, query.skip)) {
    exchange->send(playlist_response(playlist, reload.gzip,
                                     query.msn ? reload_cache(*state) : std::string(kPlaylistCache)));
    return true;
  }
  if (!is_away(camera)) return false;
  exchange->send(not_playable(camera));
  return true;
}

Handler media_playlist_handler(const std::shared_ptr<const RouteContext>& context) {
  return [context](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto& name = request->params.text("rendition");
    const auto folder = parse_playlist_folder(name);
    if (!folder) return exchange->send(no_such_rendition(name));
    const auto camera = wanted_rendition(*context, *request, folder->rendition, exchange);
    if (!camera) return;
    const auto known = std::max<std::size_t>(1, camera->stream().state()->part_targets.size());
    if (folder->epoch >= known) return exchange->send(no_such_rendition(name));
    ReloadRequest reload;
    reload.epoch = folder->epoch;
    reload.gzip = accepts_gzip(request->header("accept-encoding"));
    if (!camera->low_latency())
      return answer_when_ready(camera, exchange, kFirstSegmentWait,
                               [gzip = reload.gzip, exchange](ServedCamera& there) {
                                 return try_playlist(there, PlaylistKind::kFmp4, gzip, exchange);
                               });
    auto query = parse_reload_query(request->query);
    if (!query)
      return exchange->send(error_response(400, "usage", query.error().message, query.error().hint));
    reload.query = *query;
    camera->want_newest();
    const auto longest = query->msn ? longest_hold(*camera) : std::chrono::milliseconds(kFirstSegmentWait);
    answer_when_ready(camera, exchange, longest, [reload, exchange](ServedCamera& there) {
      return try_reload(there, reload, exchange);
    });
  };
}

Response busy_disk() {
  auto response = error_response(503, "limit", "too many wait for what is on disk", "ask again");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// True where segment `number` is on disk: `answer` runs on the thread that may wait for it, since a loop must
// not, or the request is refused.
template <class Answer>
bool answer_from_disk(const RouteContext& context, const ServedCamera& camera, std::uint64_t number,
                      const ExchangePtr& exchange, const Answer& answer) {
  if (!camera.stream().on_disk(number)) return false;
  if (!context.disk_reader.post(answer)) exchange->send(busy_disk());
  return true;
}

Response media_response(ServedCamera& camera, const Request& request, const char* type, hls::BodyPtr body) {
  camera.viewers().seen(client_key(request), Viewers::Clock::now());
  Response response;
  response.content_type = type;
  response.cache_control = kSegmentCache;
  response.ranges = true;
  response.body = std::move(body);
  return response;
}

// Whose media an address names.
enum class Folder : std::uint8_t { kMain, kRendition };

Handler init_handler(const std::shared_ptr<const RouteContext>& context) {
  return [context](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto camera = wanted_rendition(*context, *request, request->params.text("rendition"), exchange);
    if (!camera) return;
    constexpr std::uint64_t kMaxVersion = 0xffffffff;
    const auto version = request->params.number("v");
    auto body = version <= kMaxVersion
                    ? camera->stream().init_segment(static_cast<std::uint32_t>(version))
                    : fail(ErrorCode::kNotFound, "there is no such initialisation segment");
    exchange->send(body ? media_response(*camera, *request, kFmp4Type, std::move(*body))
                        : error_response(body.error()));
  };
}

using GetSegment = Result<hls::BodyPtr> (hls::Stream::*)(std::uint64_t number) const;

Handler segment_handler(const std::shared_ptr<const RouteContext>& context, Folder folder, const char* type,
                        GetSegment get) {
  return [context, folder, type, get](const RequestPtr& request, const ExchangePtr& exchange) {
    const std::string_view name =
        folder == Folder::kMain ? kMainRendition : request->params.text("rendition");
    const auto camera = wanted_rendition(*context, *request, name, exchange);
    if (!camera) return;
    const auto number = request->params.number("n");
    const auto answer = [camera, request, exchange, type, get, number] {
      auto body = (camera->stream().*get)(number);
      exchange->send(body ? media_response(*camera, *request, type, std::move(*body))
                          : error_response(body.error()));
    };
    if (!answer_from_disk(*context, *camera, number, exchange, answer)) answer();
  };
}

// True once there is an answer: a part may be asked for before it is there (§6.2.6), others are 404.
bool try_part(ServedCamera& camera, const RequestPtr& request, const ExchangePtr& exchange) {
  const auto segment = request->params.number("n"), index = request->params.number("k");
  // Looked at first: a part that becomes ready meanwhile is found below.
  const bool next = hls::is_next_part(*camera.stream().state(), segment, index);
  auto body = camera.stream().part(segment, index);
  if (!body && next && body.error().code == ErrorCode::kNotFound) return false;
  exchange->send(body ? media_response(camera, *request, kFmp4Type, std::move(*body))
                      : error_response(body.error()));
  return true;
}

Handler part_handler(const std::shared_ptr<const RouteContext>& context) {
  return [context](const RequestPtr& request, const ExchangePtr& exchange) {
    const auto camera = wanted_rendition(*context, *request, request->params.text("rendition"), exchange);
    if (!camera) return;
    camera->want_newest();
    const auto read = [camera, request, exchange] { try_part(*camera, request, exchange); };
    if (answer_from_disk(*context, *camera, request->params.number("n"), exchange, read)) return;
    answer_when_ready(camera, exchange, longest_hold(*camera), [request, exchange](ServedCamera& there) {
      return try_part(there, request, exchange);
    });
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
      segment_handler(context, Folder::kMain, "video/mp2t", &hls::Stream::ts_segment), "an MPEG-TS segment");
  get("/hls/{id}/index.m3u8", playlist_handler(context, PlaylistKind::kMultivariant),
      "multivariant playlist");
  get("/hls/{id}/{rendition}/media.m3u8", media_playlist_handler(context),
      "media playlist of fMP4 segments and parts (LL-HLS: _HLS_msn, _HLS_part, _HLS_skip)");
  get("/hls/{id}/{rendition}/init-{#v}.mp4", init_handler(context), "an fMP4 initialisation segment");
  get("/hls/{id}/{rendition}/seg{#n}.m4s",
      segment_handler(context, Folder::kRendition, kFmp4Type, &hls::Stream::fmp4_segment), "an fMP4 segment");
  get("/hls/{id}/{rendition}/part{#n}.{#k}.m4s", part_handler(context), "a part of an fMP4 segment");
}

}  // namespace camctl::apps::serve
