#include <fmt/chrono.h>
#include <fmt/format.h>

#include "apps/common/app.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

constexpr int kMaxJsonDepth = 8;  // of a request's body; ours is 1 deep
constexpr std::size_t kMaxCameraName = 200;
constexpr std::size_t kMaxKeyShown = 64;  // ours have 8 characters

// RFC 3339, UTC, with milliseconds.
std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::system_clock::to_time_t(ms);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, ms.time_since_epoch().count() % 1000);
}

Response json_response(int status, const nlohmann::ordered_json& json) {
  auto response = text_response(status, "application/json", dump(json) + "\n");
  response.cache_control = "no-store";
  return response;
}

// What POST and PATCH may say of a camera. Nothing: not said.
struct CameraInput {
  std::optional<std::string> rtsp_url, name;
  std::optional<bool> on_demand;
  Credentials credentials;
};

// A body that is one object of known keys with strings, or a truth value where that is meant.
Result<std::map<std::string, nlohmann::json>> parse_object(const Request& request) {
  const auto type =
      text::trim(request.header("content-type").substr(0, request.header("content-type").find(';')));
  if (!text::iequals(type, "application/json"))
    return fail(ErrorCode::kUsage, "the body must be JSON", "send Content-Type: application/json");
  bool too_deep = false;
  const auto limit = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxJsonDepth) too_deep = true;
    return !too_deep;
  };
  const auto json = nlohmann::json::parse(request.body, limit, false);
  if (json.is_discarded() || too_deep || !json.is_object())
    return fail(ErrorCode::kUsage, "the body is not a JSON object");
  std::map<std::string, nlohmann::json> result;
  for (const auto& [key, value] : json.items()) {
    static const std::vector<std::string_view> kKeys = {"rtsp_url", "name", "on_demand", "user", "password"};
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      const auto meant = text::nearest(key, kKeys);
      return fail(ErrorCode::kUsage,
                  fmt::format("unknown key \"{}\" in the body", printable(key.substr(0, kMaxKeyShown))),
                  meant.empty() ? "known are rtsp_url, name, on_demand, user and password"
                                : fmt::format("did you mean {}?", meant));
    }
    const bool flag = key == "on_demand";
    if (flag ? !value.is_boolean() : !value.is_string())
      return fail(ErrorCode::kUsage,
                  fmt::format("\"{}\" must be {}", key, flag ? "true or false" : "a string"));
    result.emplace(key, value);
  }
  return result;
}

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
  auto fields = parse_object(request);
  if (!fields) return fail(fields.error());
  CameraInput input;
  if (const auto url = fields->find("rtsp_url"); url != fields->end())
    if (auto done = read_url(url->second.get<std::string>(), input); !done) return fail(done.error());
  if (const auto name = fields->find("name"); name != fields->end()) {
    input.name = name->second.get<std::string>();
    if (input.name->size() > kMaxCameraName) return fail(ErrorCode::kUsage, "\"name\" is too long");
  }
  if (const auto on_demand = fields->find("on_demand"); on_demand != fields->end())
    input.on_demand = on_demand->second.get<bool>();
  if (const auto user = fields->find("user"); user != fields->end())
    input.credentials.user = user->second.get<std::string>();
  if (const auto password = fields->find("password"); password != fields->end())
    input.credentials.password = Secret(password->second.get<std::string>());
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

void add_read_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  routes.push_back({Method::kGet, "/api/cameras",
                    [context](const RequestPtr& request, const ExchangePtr& exchange) {
                      auto list = nlohmann::ordered_json::array();
                      for (const auto& camera : context->cameras.all())
                        if (request->may_see(camera->camera()->id)) list.push_back(describe(*camera));
                      exchange->send(json_response(200, list));
                    },
                    "all cameras with their state", Access::kFiltered});
  routes.push_back({Method::kGet, "/api/cameras/{id}",
                    [context](const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto camera = context->cameras.find(request->params.text("id"));
                      if (!camera) return exchange->send(no_such_camera(request->params.text("id")));
                      exchange->send(json_response(200, describe(*camera)));
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
                                                  const ExchangePtr& exchange, int status) {
  return [context, exchange, status](const Result<Camera>& camera) {
    if (!camera) return exchange->send(error_response(camera.error()));
    if (status == 204) {
      Response response;
      response.status = 204;
      return exchange->send(std::move(response));
    }
    const auto served = context->cameras.find(camera->id);
    auto response = json_response(status, served ? describe(*served) : to_json(*camera));
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
             answer_change(context, exchange, 201));
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
             answer_change(context, exchange, 200));
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
                          answer_change(context, exchange, 204));
                    },
                    "removes a camera"});
}

}  // namespace

nlohmann::ordered_json describe(ServedCamera& camera) {
  auto json = to_json(*camera.camera());
  const auto status = camera.status();
  json["status"] = hls::name(status.state);
  json["reason"] = status.reason;
  json["hint"] = what_next(status);
  json["viewers"] = camera.viewer_count();
  for (const auto& tier : camera.tiers()) {
    nlohmann::ordered_json one = {{"name", tier.name},
                                  {"width", tier.width},
                                  {"height", tier.height},
                                  {"status", hls::name(tier.state)}};
    if (!tier.reason.empty()) one["reason"] = tier.reason;
    json["tiers"].push_back(std::move(one));
  }
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
