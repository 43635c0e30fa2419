// Tokens for programs, and signed addresses for players.
#include "apps/serve/auth/key_routes.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "apps/common/camera.h"
#include "apps/serve/auth/gate.h"
#include "base/text.h"

namespace camctl::apps::serve::auth {
namespace {

using Clock = std::chrono::system_clock;
using Json = nlohmann::ordered_json;

constexpr std::chrono::hours kUsualLink{24};
constexpr std::int64_t kLongestToken = 10LL * 366 * 24 * 3600;  // s: ten years

std::string date(std::chrono::seconds since_1970) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(since_1970.count())));
}

Response json_response(int status, const Json& json) {
  return text_response(status, "application/json",
                       json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

// What the body may say. Nothing: not said.
struct Wish {
  std::optional<std::string> name, role;
  std::optional<std::vector<std::string>> cameras;
  std::optional<std::chrono::seconds> expires_in;
};

Result<void> read_wish(const std::string& key, const nlohmann::json& value, bool of_token, Wish& wish) {
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::kUsage, fmt::format("\"{}\" must be {}", key, what));
  };
  if (key == "expires_in") {
    if (!value.is_number_integer() || value < 1 || value > kLongestToken) return wrong("a number of seconds");
    wish.expires_in = std::chrono::seconds(value.get<std::int64_t>());
  } else if (of_token && key == "name") {
    if (!value.is_string() || !is_camera_id(value.get<std::string>()))
      return wrong("letters, digits and . _ -, 64 at the most");
    wish.name = value.get<std::string>();
  } else if (of_token && key == "role") {
    if (value != "viewer" && value != "admin") return wrong("viewer or admin");
    wish.role = value.get<std::string>();
  } else if (of_token && key == "cameras") {
    if (!value.is_array()) return wrong("a list of ids");
    wish.cameras.emplace();
    for (const auto& id : value) {
      if (!id.is_string() || !is_camera_id(id.get<std::string>())) return wrong("a list of ids");
      wish.cameras->push_back(id.get<std::string>());
    }
  } else {
    return fail(ErrorCode::kUsage, "an unknown key is in the body",
                of_token ? "known are name, role, cameras and expires_in" : "known is expires_in");
  }
  return {};
}

Result<Wish> parse_wish(const Request& request, bool of_token) {
  constexpr int kDepth = 2;
  Wish wish;
  if (!of_token && request.body.empty()) return wish;
  const auto type = request.header("content-type");
  if (!text::iequals(text::trim(type.substr(0, type.find(';'))), "application/json"))
    return fail(ErrorCode::kUsage, "the body must be JSON", "send Content-Type: application/json");
  const auto flat = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= kDepth; };
  const auto json = nlohmann::json::parse(request.body, flat, false);
  if (json.is_discarded() || !json.is_object())
    return fail(ErrorCode::kUsage, "the body is not a JSON object");
  for (const auto& [key, value] : json.items())
    if (auto done = read_wish(key, value, of_token, wish); !done) return fail(done.error());
  return wish;
}

Json describe(const Tokens::Token& token) {
  Json json = {{"id", token.id},     {"name", token.name}, {"role", token.admin ? "admin" : "viewer"},
               {"cameras", nullptr}, {"by", token.by},     {"created", date(token.created)},
               {"expires", nullptr}};
  if (token.cameras) json["cameras"] = *token.cameras;
  if (token.expires.count() != 0) json["expires"] = date(token.expires);
  return json;
}

Result<Tokens::Token> wanted_token(const Request& request, const std::string& by) {
  auto wish = parse_wish(request, true);
  if (!wish) return fail(wish.error());
  if (!wish->name) return fail(ErrorCode::kUsage, "\"name\" is missing", "say what the token is for");
  Tokens::Token token;
  token.name = *wish->name;
  token.by = by;
  token.admin = wish->role == "admin";
  token.cameras = std::move(wish->cameras);
  if (token.admin && token.cameras)
    return fail(ErrorCode::kUsage, "an admin has all cameras, so it can't have a list of them");
  if (wish->expires_in)
    token.expires =
        std::chrono::floor<std::chrono::seconds>(Clock::now().time_since_epoch()) + *wish->expires_in;
  return token;
}

// Users make them: what is made by a token could outlive it.
std::optional<Response> refuse_maker(const Gate& gate, const Request& request) {
  if (gate.user_of(request)) return std::nullopt;
  return error_response(403, "forbidden", "only a user of the configuration can make this");
}

void answer_add(Gate& gate, const RequestPtr& request, const ExchangePtr& exchange) {
  if (auto refused = refuse_maker(gate, *request)) return exchange->send(std::move(*refused));
  auto wanted = wanted_token(*request, request->who->name);
  if (!wanted) return exchange->send(error_response(wanted.error()));
  const auto made = gate.tokens().add(std::move(*wanted), Clock::now());
  if (!made) return exchange->send(error_response(made.error()));
  auto json = describe(made->token);
  json["token"] = made->secret;  // shown this once
  auto response = json_response(201, json);
  response.headers.emplace_back("Location", "/api/tokens/" + made->token.id);
  exchange->send(std::move(response));
}

void answer_link(Gate& gate, const RequestPtr& request, const ExchangePtr& exchange) {
  if (auto refused = refuse_maker(gate, *request)) return exchange->send(std::move(*refused));
  const auto wish = parse_wish(*request, false);
  if (!wish) return exchange->send(error_response(wish.error()));
  const auto life = wish->expires_in.value_or(kUsualLink);
  if (life > Links::kLongest)
    return exchange->send(error_response(400, "usage", "\"expires_in\" is more than 30 days"));
  const auto camera = gate.find_camera(request->params.text("id"));
  if (!camera) return exchange->send(error_response(404, "not_found", "there is no such camera"));
  const auto until = Clock::now() + life;
  const auto token = gate.links().make(*gate.user_of(*request), *camera, until);
  if (!token) return exchange->send(error_response(token.error()));
  exchange->send(json_response(
      201, {{"prefix", fmt::format("/{}/{}", Links::kSegment, *token)},
            {"expires", date(std::chrono::floor<std::chrono::seconds>(until.time_since_epoch()))}}));
}

}  // namespace

void add_key_routes(std::vector<Route>& routes, const std::shared_ptr<Gate>& gate, const PostTask& post) {
  // What writes to the disk does so away from the connections' loops.
  const auto away = [gate, post](void (*answer)(Gate&, const RequestPtr&, const ExchangePtr&)) {
    return [gate, post, answer](const RequestPtr& request, const ExchangePtr& exchange) {
      post([gate, answer, request, exchange] { answer(*gate, request, exchange); });
    };
  };
  routes.push_back({Method::kGet, "/api/tokens",
                    [gate](const RequestPtr&, const ExchangePtr& exchange) {
                      auto list = Json::array();
                      for (const auto& token : gate->tokens().all()) list.push_back(describe(token));
                      exchange->send(json_response(200, list));
                    },
                    "the tokens that there are, without their secrets", Access::kAdmin});
  routes.push_back(
      {Method::kPost, "/api/tokens", away(answer_add), "makes a token for Authorization: Bearer"});
  routes.push_back({Method::kDelete, "/api/tokens/{token}",
                    away([](Gate& of, const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto removed = of.tokens().remove(request->params.text("token"));
                      if (!removed) return exchange->send(error_response(removed.error()));
                      Response response;
                      response.status = 204;
                      exchange->send(std::move(response));
                    }),
                    "revokes a token"});
  routes.push_back({Method::kPost, "/api/cameras/{id}/link", away(answer_link),
                    "makes a prefix for the camera's addresses that needs no log-in", Access::kViewer});
}

}  // namespace camctl::apps::serve::auth
