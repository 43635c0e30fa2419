// PTZ and presets of cameras: the same calls as `camctl ptz`.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/ptz/record.h"
#include "apps/serve/devices/device_control.h"
#include "apps/serve/json_body.h"
#include "apps/serve/responses.h"
#include "apps/serve/routes.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
using ContextPtr = std::shared_ptr<const RouteContext>;

// A camera that is asked for the first time takes some requests, each DeviceLine::kCallTime at most.
constexpr auto kPatience = 25s;
// A page that goes away leaves a camera that turns for so long.
constexpr double kLeastMove = 50, kMostMove = 60'000, kUsualMove = 1000;  // ms
constexpr std::size_t kMaxPresetName = 128;                               // devices take 64 or less

constexpr BodyKey kPtzKeys[] = {{BodyKey::Kind::kText, "action"},   {BodyKey::Kind::kNumber, "pan"},
                                {BodyKey::Kind::kNumber, "tilt"},   {BodyKey::Kind::kNumber, "zoom"},
                                {BodyKey::Kind::kNumber, "for_ms"}, {BodyKey::Kind::kText, "preset"}};
constexpr BodyKey kPresetKeys[] = {{BodyKey::Kind::kText, "name"}};

// What POST …/ptz says.
struct PtzOrder {
  std::string action, preset;
  onvif::PtzVector vector;
  std::chrono::milliseconds time{0};
};

struct Action {
  std::string_view name;
  bool takes_axes = false, takes_time = false, takes_preset = false;
  Result<void> (*run)(onvif::Ptz&, const PtzOrder&) = nullptr;  // null: a move or stop, see DeviceLine
};
constexpr Action kActions[] = {
    {"move", true, true, false, nullptr},
    {"move_by", true, false, false, [](onvif::Ptz& ptz, const PtzOrder& o) { return ptz.move_by(o.vector); }},
    {"move_to", true, false, false, [](onvif::Ptz& ptz, const PtzOrder& o) { return ptz.move_to(o.vector); }},
    {"stop", false, false, false, nullptr},
    {"home", false, false, false, [](onvif::Ptz& ptz, const PtzOrder&) { return ptz.home(); }},
    {"goto", false, false, true,
     [](onvif::Ptz& ptz, const PtzOrder& o) { return ptz.goto_preset(o.preset); }},
};

const Action* find_action(std::string_view name) {
  const auto* found = std::ranges::find(kActions, name, &Action::name);
  return found == std::end(kActions) ? nullptr : found;
}

Result<std::optional<double>> axis(const JsonBody& body, std::string_view name) {
  const auto value = body.number(name);
  if (value && !(std::abs(*value) <= 1))
    return fail(ErrorCode::kUsage, fmt::format("\"{}\" must be from -1 to 1", name));
  return value;
}

Result<onvif::PtzVector> read_axes(const JsonBody& body) {
  auto pan = axis(body, "pan"), tilt = axis(body, "tilt"), zoom = axis(body, "zoom");
  for (const auto* one : {&pan, &tilt, &zoom})
    if (!*one) return fail(one->error());
  return onvif::PtzVector{*pan, *tilt, *zoom};
}

// What must be there, and what must not since it would be ignored.
Result<void> check(const Action& action, const JsonBody& body, const PtzOrder& order) {
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::kUsage, fmt::format("\"{}\" {}", action.name, what));
  };
  if (action.takes_axes && order.vector.empty()) return refuse("wants \"pan\", \"tilt\" or \"zoom\"");
  if (!action.takes_axes && !order.vector.empty()) return refuse("takes no \"pan\", \"tilt\" or \"zoom\"");
  if (action.takes_preset && order.preset.empty()) return refuse("wants \"preset\", a name or token");
  if (!action.takes_preset && body.text("preset")) return refuse("takes no \"preset\"");
  if (!action.takes_time && body.number("for_ms")) return refuse("takes no \"for_ms\"");
  const auto time = body.number("for_ms").value_or(kUsualMove);
  if (!(time >= kLeastMove && time <= kMostMove))
    return fail(ErrorCode::kUsage, "\"for_ms\" must be from 50 to 60000",
                "send the move again for as long as it is to go on; the camera stops when none comes");
  return {};
}

Result<PtzOrder> read_order(const Request& request) {
  const auto body = JsonBody::parse(request, kPtzKeys);
  if (!body) return fail(body.error());
  PtzOrder order;
  order.action = body->text("action").value_or("");
  const auto* action = find_action(order.action);
  if (!action)
    return fail(ErrorCode::kUsage, "\"action\" must be move, move_by, move_to, stop, home or goto");
  auto axes = read_axes(*body);
  if (!axes) return fail(axes.error());
  order.vector = *axes;
  order.preset = body->text("preset").value_or("");
  if (order.preset.size() > kMaxPresetName) return fail(ErrorCode::kUsage, "\"preset\" is too long");
  if (auto fine = check(*action, *body, order); !fine) return fail(fine.error());
  order.time = std::chrono::milliseconds(std::lround(body->number("for_ms").value_or(kUsualMove)));
  return order;
}

// The line to the request's camera; what it answers otherwise is on its way then.
DeviceLinePtr line_of(const ContextPtr& context, const Request& request, const ExchangePtr& exchange) {
  const auto& id = request.params.text("id");
  const auto camera = context->cameras.find(id);
  if (!camera) {
    exchange->send(no_such_camera(id));
    return nullptr;
  }
  const auto entry = camera->camera();
  auto device = context->cameras.onvif(entry->id);
  if (device && entry->ptz == false)
    device = fail(ErrorCode::kUnsupported, fmt::format("camera {} can't turn", entry->id));
  if (!device) {
    exchange->send(device_error(device.error()));
    return nullptr;
  }
  exchange->hold(kPatience, [id = entry->id] {
    return device_error({ErrorCode::kTimeout, fmt::format("camera {} does not answer", id), "try again"});
  });
  return context->devices.line(*device);
}

// Answers with what the camera said: 204 where that is nothing.
DeviceLine::Done answer(const ExchangePtr& exchange, int status = 200) {
  return [exchange, status](const Result<Json>& result) {
    if (!result) return exchange->send(device_error(result.error()));
    if (!result->is_null()) return exchange->send(json_response(status, *result));
    Response response;
    response.status = 204;
    exchange->send(std::move(response));
  };
}

// A call that needs PTZ.
template <class F>
DeviceLine::Call with_ptz(F call) {
  return [call = std::move(call)](DeviceLink& link) -> Result<Json> {
    const auto ptz = link.ptz();
    if (!ptz) return fail(ptz.error());
    return call(**ptz);
  };
}

void turn(const ContextPtr& context, const RequestPtr& request, const ExchangePtr& exchange) {
  auto order = read_order(*request);
  if (!order) return exchange->send(error_response(order.error()));
  const auto line = line_of(context, *request, exchange);
  if (!line) return;
  if (order->action == "stop") return line->stop_moving(answer(exchange));
  if (order->action == "move") return line->move(order->vector, order->time, answer(exchange));
  line->ask(
      with_ptz([run = find_action(order->action)->run, order = *order](onvif::Ptz& ptz) -> Result<Json> {
        if (auto done = run(ptz, order); !done) return fail(done.error());
        return Json();
      }),
      answer(exchange));
}

Result<Json> position(onvif::Ptz& ptz) {
  const auto status = ptz.status();
  if (!status) return fail(status.error());
  return ptz::to_json(*status);
}

Result<Json> presets(onvif::Ptz& ptz) {
  const auto all = ptz.presets();
  if (!all) return fail(all.error());
  auto list = Json::array();
  for (const auto& preset : *all) list.push_back(ptz::to_json(preset));
  return list;
}

void keep_preset(const ContextPtr& context, const RequestPtr& request, const ExchangePtr& exchange) {
  const auto body = JsonBody::parse(*request, kPresetKeys);
  if (!body) return exchange->send(error_response(body.error()));
  const auto name = body->text("name").value_or("");
  if (name.empty() || name.size() > kMaxPresetName)
    return exchange->send(error_response(Error{ErrorCode::kUsage, "\"name\" must have 1 to 128 bytes", {}}));
  const auto line = line_of(context, *request, exchange);
  if (!line) return;
  line->ask(with_ptz([name](onvif::Ptz& ptz) -> Result<Json> {
              const auto token = ptz.set_preset(name);
              if (!token) return fail(token.error());
              return ptz::to_json(onvif::PtzPreset{*token, name, {}});
            }),
            answer(exchange, 201));
}

void remove_preset(const ContextPtr& context, const RequestPtr& request, const ExchangePtr& exchange) {
  const auto line = line_of(context, *request, exchange);
  if (!line) return;
  line->ask(with_ptz([name = request->params.text("preset")](onvif::Ptz& ptz) -> Result<Json> {
              if (auto done = ptz.remove_preset(name); !done) return fail(done.error());
              return Json();
            }),
            answer(exchange));
}

}  // namespace

void add_device_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  const auto read = [context](Result<Json> (*call)(onvif::Ptz&)) -> Handler {
    return [context, call](const RequestPtr& request, const ExchangePtr& exchange) {
      if (const auto line = line_of(context, *request, exchange)) line->ask(with_ptz(call), answer(exchange));
    };
  };
  const auto change = [context](void (*handle)(const ContextPtr&, const RequestPtr&, const ExchangePtr&)) {
    return [context, handle](const RequestPtr& request, const ExchangePtr& exchange) {
      handle(context, request, exchange);
    };
  };
  routes.push_back({Method::kGet, "/api/cameras/{id}/ptz", read(position),
                    "where the camera looks, and whether it moves, as it says"});
  routes.push_back({Method::kPost, "/api/cameras/{id}/ptz", change(turn),
                    "turns the camera: move, move_by, move_to, stop, home, goto"});
  routes.push_back(
      {Method::kGet, "/api/cameras/{id}/presets", read(presets), "positions that the camera keeps"});
  routes.push_back({Method::kPost, "/api/cameras/{id}/presets", change(keep_preset),
                    "keeps where the camera looks under a name"});
  routes.push_back({Method::kDelete, "/api/cameras/{id}/presets/{preset}", change(remove_preset),
                    "forgets a position, by token or name"});
}

}  // namespace camctl::apps::serve
