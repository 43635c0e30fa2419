// What cameras tell and how they are: lately, and as it happens.
#include <fmt/format.h>

#include "apps/serve/events/event_viewer.h"
#include "apps/serve/events/event_watch.h"
#include "apps/serve/http/target.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"
#include "base/number.h"
#include "base/text.h"
#include "libonvif/lenient.h"

namespace camctl::apps::serve {
namespace {

using ContextPtr = std::shared_ptr<const RouteContext>;
using SystemTime = std::chrono::system_clock::time_point;

constexpr std::uint64_t kUsualLimit = 100, kMostLimit = 1000;

EventFilter seen_by(const Request& request) {
  if (!request.who) return std::set<std::string>();
  const auto& cameras = request.who->cameras;
  if (!cameras) return std::nullopt;
  return std::set<std::string>(cameras->begin(), cameras->end());
}

// `?camera=a,b`, each "stream_0" or "0"; nothing: all that the client may see. kNotFound for one that is not
// there, or not for it.
Result<EventFilter> cameras_of(const Request& request, const CameraManager& cameras) {
  const auto text = query_value(request.query, "camera");
  if (text.empty()) return seen_by(request);
  std::set<std::string> ids;
  for (const auto id : text::split(text, ",")) {
    const auto camera = cameras.find(id);
    if (!camera || !request.may_see(camera->camera()->id))
      return fail(ErrorCode::kNotFound,
                  fmt::format("there is no camera \"{}\"", printable(id.substr(0, kMaxCameraId))),
                  "GET /api/cameras lists what there is");
    ids.insert(camera->camera()->id);
  }
  return EventFilter(std::move(ids));
}

// RFC 3339, or seconds since 1970; `otherwise` where it is not there.
Result<SystemTime> time_of(const Request& request, std::string_view key, SystemTime otherwise) {
  const auto text = query_value(request.query, key);
  if (text.empty()) return otherwise;
  constexpr double kMostSeconds = 9e9;
  if (const auto seconds = parse_number<double>(text); seconds && *seconds >= 0 && *seconds < kMostSeconds)
    return SystemTime(
        std::chrono::duration_cast<SystemTime::duration>(std::chrono::duration<double>(*seconds)));
  const auto time = onvif::parse_date_time(text);
  if (!time)
    return fail(ErrorCode::kUsage, fmt::format("\"{}\" is no time", key),
                "2026-11-27T12:00:00Z, or seconds since 1970");
  return *time;
}

struct Search {
  EventFilter cameras;
  SystemTime from, to;
  std::size_t limit = kUsualLimit;
};

Result<Search> read_search(const Request& request) {
  Search search;
  const auto from = time_of(request, "from", SystemTime::min()),
             to = time_of(request, "to", SystemTime::max());
  for (const auto* time : {&from, &to})
    if (!*time) return fail(time->error());
  search.from = *from;
  search.to = *to;
  if (const auto text = query_value(request.query, "limit"); !text.empty()) {
    const auto limit = parse_number<std::uint64_t>(text);
    if (!limit || *limit < 1 || *limit > kMostLimit)
      return fail(ErrorCode::kUsage, "\"limit\" must be a number from 1 to 1000");
    search.limit = *limit;
  }
  return search;
}

// The newest `limit` of them, the oldest first.
void answer_search(const EventLog& log, const Search& search, const ExchangePtr& exchange) {
  auto events = log.read(0, search.cameras, EventLog::kMaxBytes).events;
  std::erase_if(events, [&](const auto& one) { return one->time < search.from || one->time > search.to; });
  const auto skip = events.size() > search.limit ? events.size() - search.limit : 0;
  std::string text = "[";
  for (auto i = skip; i < events.size(); ++i) text += (i > skip ? ",\n" : "") + events[i]->json;
  exchange->send(text_response(200, "application/json", text + "]\n"));
}

void search_all(const ContextPtr& context, const RequestPtr& request, const ExchangePtr& exchange) {
  auto search = read_search(*request);
  if (!search) return exchange->send(error_response(search.error()));
  auto cameras = cameras_of(*request, context->cameras);
  if (!cameras) return exchange->send(error_response(cameras.error()));
  search->cameras = std::move(*cameras);
  answer_search(context->event_log, *search, exchange);
}

void search_one(const ContextPtr& context, const RequestPtr& request, const ExchangePtr& exchange) {
  const auto camera = context->cameras.find(request->params.text("id"));
  if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
  auto search = read_search(*request);
  if (!search) return exchange->send(error_response(search.error()));
  search->cameras = std::set<std::string>{camera->camera()->id};
  answer_search(context->event_log, *search, exchange);
}

// Where a client goes on: what it names as its last, else what comes from now on.
Result<std::uint64_t> position_of(const Request& request, const EventLog& log) {
  const auto newest = log.newest();
  std::string text(request.header("last-event-id"));
  if (text.empty()) text = query_value(request.query, "after");
  if (text.empty()) return newest;
  const auto after = parse_number<std::uint64_t>(text);
  if (!after) return fail(ErrorCode::kUsage, "\"after\" must be the \"id\" of an event");
  return std::min(*after, newest);
}

void stream(const ContextPtr& context, const RequestPtr& request, const ExchangePtr& exchange) {
  auto cameras = cameras_of(*request, context->cameras);
  if (!cameras) return exchange->send(error_response(cameras.error()));
  const auto after = position_of(*request, context->event_log);
  if (!after) return exchange->send(error_response(after.error()));
  Response head;
  head.content_type = "text/event-stream";
  head.headers.emplace_back("X-Accel-Buffering", "no");  // nginx would hold events back
  auto viewer = std::make_shared<EventViewer>(
      context->event_log, *context->loops[exchange->loop_index()], *cameras, *after,
      [context, filter = *cameras] { return context->event_watch.join(filter); });
  exchange->open_stream(std::move(head), std::move(viewer));
}

}  // namespace

void add_event_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  const auto get = [&](std::string_view pattern,
                       void (*handle)(const ContextPtr&, const RequestPtr&, const ExchangePtr&),
                       std::string_view summary, Access access) {
    routes.push_back({Method::kGet, pattern,
                      [context, handle](const RequestPtr& request, const ExchangePtr& exchange) {
                        handle(context, request, exchange);
                      },
                      summary, access});
  };
  get("/api/events/stream", stream,
      "server-sent events: how cameras are and what they tell, of all or of ?camera=; listens to them "
      "meanwhile",
      Access::kFiltered);
  get("/api/events", search_all, "the same lately: ?camera=, ?from=, ?to=, ?limit=", Access::kFiltered);
  get("/api/cameras/{id}/events", search_one,
      "one camera's lately: ?from=, ?to=, ?limit=", Access::kByMethod);
}

}  // namespace camctl::apps::serve
