#include <fmt/chrono.h>
#include <fmt/format.h>

#include "apps/common/app.h"
#include "apps/serve/http/target.h"
#include "apps/serve/json_body.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

constexpr std::size_t kMaxCameraName = 200;

// RFC 3339, UTC, with milliseconds.
std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::system_clock::to_time_t(ms);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, ms.time_since_epoch().count() % 1000);
}

// What POST and PATCH may say of a camera. Nothing: not said.
struct CameraInput {
  std::optional<std::string> rtsp_url, name;
  std::optional<bool> on_demand;
  Credentials credentials;
};

constexpr BodyKey kCameraKeys[] = {{BodyKey::Kind::kText, "rtsp_url"},
                                   {BodyKey::Kind::kText, "name"},
                                   {BodyKey::Kind::kFlag, "on_demand"},
                                   {BodyKey::Kind::kText, "user"},
                                   {BodyKey::Kind::kText, "password"}};

// Takes the address apart: credentials out of it, its scheme checked.
Result<void> read_url(const std::string& text, CameraInput& input) {
  auto url = Url::parse(text);
  if (!url) return fail(ErrorCode::kUsage, "\"rtsp_url\": " + url.error().message);
  if (!is_camera_scheme(url->scheme))
    return fail(ErrorCode::kUsage, "\"rtsp_url\" must begin with rtsp://, rtsps://, http:// or https://");
  if (!url->credentials.empty()) input.credentials = url->credentials;
  input.rtsp_url = url->to_string();
  return {};
}

Result<CameraInput> parse_camera(const Request& request, bool may_keep_passwords) {
  const auto body = JsonBody::parse(request, kCameraKeys);
  if (!body) return fail(body.error());
  CameraInput input;
  if (const auto url = body->text("rtsp_url"))
    if (auto done = read_url(*url, input); !done) return fail(done.error());
  input.name = body->text("name");
  if (input.name && input.name->size() > kMaxCameraName)
    return fail(ErrorCode::kUsage, "\"name\" is too long");
  input.on_demand = body->flag("on_demand");
  if (const auto user = body->text("user")) input.credentials.user = *user;
  if (const auto password = body->text("password")) input.credentials.password = Secret(*password);
  if (!input.credentials.empty() && !may_keep_passwords)
    return fail(ErrorCode::kUsage, "passwords sent over HTTP are not kept",
                "put them into \"credentials\" of the configuration, or start serve with --save-credentials");
  return input;
}

// Another address: the password of the old one stays behind, unless it is the same host's.
void set_address(Camera& camera, const CameraInput& input) {
  const auto before = Url::parse(camera.rtsp_url);
  const auto url = Url::parse(*input.rtsp_url);
  if (!before || !url || before->host != url->host) camera.credentials = {};
  camera.rtsp_url = *input.rtsp_url;
  camera.extra[kAddedBy] = "api";
  if (url) camera.ip = url->host;
}

Result<Camera> add_camera(std::vector<Camera>& cameras, const CameraInput& input) {
  if (!input.rtsp_url) return fail(ErrorCode::kUsage, "\"rtsp_url\" is missing");
  for (const auto& camera : cameras)
    if (camera.rtsp_url == *input.rtsp_url)
      return fail(ErrorCode::kUsage, fmt::format("camera {} has this address already", camera.id));
  if (cameras.size() >= kMaxCameras) return fail(ErrorCode::kLimit, "there are too many cameras");
  // The file's own reader fills what an entry needs besides its address.
  const nlohmann::json entry = {{{"rtsp_url", *input.rtsp_url}, {kAddedBy, "api"}}};
  auto parsed = parse_cameras(entry.dump(), "the body");
  if (!parsed) return fail(parsed.error());
  auto camera = std::move(parsed->front());
  camera.name = input.name.value_or("");
  camera.on_demand = input.on_demand;
  camera.credentials = input.credentials;
  for (unsigned n = 0;; ++n) {
    camera.id = fmt::format("stream_{}", n);
    if (std::none_of(cameras.begin(), cameras.end(), [&](const auto& c) { return c.id == camera.id; })) break;
  }
  camera.hls_url = fmt::format("/hls/{}/playlist.m3u8", camera.id);
  cameras.push_back(camera);
  return camera;
}

Result<std::vector<Camera>::iterator> entry_of(std::vector<Camera>& cameras, const std::string& id) {
  const auto found = std::find_if(cameras.begin(), cameras.end(), [&](const auto& c) { return c.id == id; });
  if (found == cameras.end())
    return fail(ErrorCode::kNotFound, fmt::format("there is no camera \"{}\" in the file", id));
  return found;
}

// Where others get the cameras over RTSP. A listener on every address is reached as this client has reached
// us.
std::string restream_base(const RouteContext& context, const Request& request) {
  if (!context.restream) return {};
  auto where = context.restream->to_string();
  const auto address = context.restream->address.to_string();
  const bool everywhere = address == "0.0.0.0" || address == "::";
  if (const auto host = parse_authority(request.header("host")); everywhere && host && !host->host.empty()) {
    const bool v6 = host->host.find(':') != std::string::npos;
    where = fmt::format("{}{}{}:{}", v6 ? "[" : "", host->host, v6 ? "]" : "", context.restream->port);
  }
  return "rtsp://" + where + "/";
}

nlohmann::ordered_json describe(const Tiers::Status& tier) {
  nlohmann::ordered_json one = {{"name", tier.name}};
  if (tier.width > 0) one["width"] = tier.width;
  if (tier.height > 0) one["height"] = tier.height;
  one["status"] = tier.offered ? hls::name(tier.state) : "unavailable";
  if (!tier.reason.empty()) one["reason"] = tier.reason;
  return one;
}

void add_read_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  routes.push_back({Method::kGet, "/api/cameras",
                    [context](const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto restream = restream_base(*context, *request);
                      auto list = nlohmann::ordered_json::array();
                      for (const auto& camera : context->cameras.all())
                        if (request->may_see(camera->camera()->id))
                          list.push_back(describe(*camera, restream));
                      exchange->send(json_response(200, list));
                    },
                    "all cameras with their state", Access::kFiltered});
  routes.push_back({Method::kGet, "/api/cameras/{id}",
                    [context](const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto camera = context->cameras.find(request->params.text("id"));
                      if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
                      exchange->send(
                          json_response(200, describe(*camera, restream_base(*context, *request))));
                    },
                    "one camera with its state"});
  routes.push_back({Method::kGet, "/healthz",
                    [](const RequestPtr&, const ExchangePtr& exchange) {
                      exchange->send(json_response(200, {{"status", "ok"}}));
                    },
                    "whether the process is alive", Access::kPublic});
  routes.push_back(
      {Method::kGet, "/readyz",
       [context](const RequestPtr&, const ExchangePtr& exchange) {
         const auto all = context->cameras.all();
         std::size_t live = 0;
         for (const auto& camera : all) live += camera->status().state == hls::StreamState::kLive;
         const bool ready = context->ready();
         exchange->send(json_response(
             ready ? 200 : 503,
             {{"status", ready ? "ready" : "not ready"}, {"cameras", all.size()}, {"live", live}}));
       },
       "whether it serves: cameras are loaded and it is not about to end", Access::kPublic});
}

// Answers with the camera that a change left.
std::function<void(Result<Camera>)> answer_change(const std::shared_ptr<const RouteContext>& context,
                                                  const RequestPtr& request, const ExchangePtr& exchange,
                                                  int status) {
  return [context, exchange, status,
          restream = restream_base(*context, *request)](const Result<Camera>& camera) {
    if (!camera) return exchange->send(error_response(camera.error()));
    if (status == 204) {
      Response response;
      response.status = 204;
      return exchange->send(std::move(response));
    }
    const auto served = context->cameras.find(camera->id);
    auto response = json_response(status, served ? describe(*served, restream) : to_json(*camera));
    if (status == 201) response.headers.emplace_back("Location", "/api/cameras/" + camera->id);
    exchange->send(std::move(response));
  };
}

void add_change_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  routes.push_back(
      {Method::kPost, "/api/cameras",
       [context](const RequestPtr& request, const ExchangePtr& exchange) {
         auto input = parse_camera(*request, context->may_keep_passwords());
         if (!input) return exchange->send(error_response(input.error()));
         context->apply_change(
             [input = std::move(*input)](std::vector<Camera>& cameras) { return add_camera(cameras, input); },
             answer_change(context, request, exchange, 201));
       },
       "adds a camera by its rtsp_url"});
  routes.push_back(
      {Method::kPatch, "/api/cameras/{id}",
       [context](const RequestPtr& request, const ExchangePtr& exchange) {
         const auto served = context->cameras.find(request->params.text("id"));
         if (!served) return exchange->send(no_such_camera(request->params.text("id")));
         auto input = parse_camera(*request, context->may_keep_passwords());
         if (!input) return exchange->send(error_response(input.error()));
         context->apply_change(
             [input = std::move(*input), id = served->camera()->id](auto& cameras) -> Result<Camera> {
               auto entry = entry_of(cameras, id);
               if (!entry) return fail(entry.error());
               auto& camera = **entry;
               if (input.rtsp_url) set_address(camera, input);
               if (input.name) camera.name = *input.name;
               if (input.on_demand) camera.on_demand = input.on_demand;
               if (!input.credentials.empty()) camera.credentials = input.credentials;
               return camera;
             },
             answer_change(context, request, exchange, 200));
       },
       "changes a camera's name or address, or whether it is received on demand"});
  routes.push_back({Method::kDelete, "/api/cameras/{id}",
                    [context](const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto served = context->cameras.find(request->params.text("id"));
                      if (!served) return exchange->send(no_such_camera(request->params.text("id")));
                      context->apply_change(
                          [id = served->camera()->id](auto& cameras) -> Result<Camera> {
                            auto entry = entry_of(cameras, id);
                            if (!entry) return fail(entry.error());
                            auto removed = **entry;
                            cameras.erase(*entry);
                            return removed;
                          },
                          answer_change(context, request, exchange, 204));
                    },
                    "removes a camera"});
}

}  // namespace

nlohmann::ordered_json describe(ServedCamera& camera, const std::string& restream) {
  auto json = to_json(*camera.camera());
  const auto status = camera.status();
  json["status"] = hls::name(status.state);
  json["reason"] = status.reason;
  json["hint"] = what_next(status);
  json["viewers"] = camera.viewer_count();
  if (!restream.empty()) json["restream_url"] = restream + camera.camera()->id;
  for (const auto& tier : camera.tiers()) json["tiers"].push_back(describe(tier));
  json["bitrate_kbps"] = status.bitrate_kbps;
  constexpr double kTenth = 10;
  json["fps"] = std::round(status.fps * kTenth) / kTenth;
  const bool seen = status.last_frame != std::chrono::system_clock::time_point{};
  json["losses"] = status.holes;
  json["last_frame"] =
      seen ? nlohmann::ordered_json(timestamp(status.last_frame)) : nlohmann::ordered_json(nullptr);
  json["frames"] = status.frames;
  json["dropped"] = status.dropped;
  json["reconnects"] = status.reconnects;
  json["window_bytes"] = camera.stream().window_bytes();
  if (status.clock_offset) json["clock_offset_ms"] = status.clock_offset->count();
  return json;
}

void add_api_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  add_read_routes(routes, context);
  add_change_routes(routes, context);
}

}  // namespace camctl::apps::serve
