// Logging in and out by cookie.
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/serve/auth/credentials.h"
#include "apps/serve/auth/gate.h"
#include "base/text.h"

namespace camctl::apps::serve::auth {
namespace {

struct LogIn {
  std::string user;
  Secret password;
};

// {"user", "password"}. As JSON, which no form of another site can send.
std::optional<LogIn> parse_log_in(const Request& request) {
  const auto type = request.header("content-type");
  if (!text::iequals(text::trim(type.substr(0, type.find(';'))), "application/json")) return std::nullopt;
  const auto flat = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 1; };
  const auto json = nlohmann::json::parse(request.body, flat, false);
  if (json.is_discarded() || !json.is_object() || json.size() != 2) return std::nullopt;
  const auto user = json.find("user"), password = json.find("password");
  if (user == json.end() || password == json.end() || !user->is_string() || !password->is_string())
    return std::nullopt;
  return LogIn{user->get<std::string>(), Secret(password->get<std::string>())};
}

Response describe(const Principal& who) {
  nlohmann::ordered_json json = {
      {"user", nullptr}, {"role", who.admin ? "admin" : "viewer"}, {"cameras", nullptr}};
  if (!who.name.empty()) json["user"] = who.name;
  if (who.cameras) json["cameras"] = *who.cameras;
  return text_response(200, "application/json", json.dump() + "\n");
}

}  // namespace

void add_session_routes(std::vector<Route>& routes, const std::shared_ptr<Gate>& gate) {
  routes.push_back({Method::kGet, "/api/session",
                    [](const RequestPtr& request, const ExchangePtr& exchange) {
                      exchange->send(describe(*request->who));
                    },
                    "who is logged in", Access::kFiltered});
  routes.push_back({Method::kPost, "/api/session",
                    [gate](const RequestPtr& request, const ExchangePtr& exchange) {
                      const auto given = parse_log_in(*request);
                      if (!given)
                        return exchange->send(error_response(
                            400, "usage", "the body must be a JSON object with user and password"));
                      gate->log_in(given->user, given->password, request, exchange);
                    },
                    "logs in: sets a session's cookie", Access::kPublic});
  routes.push_back({Method::kDelete, "/api/session",
                    [gate](const RequestPtr& request, const ExchangePtr& exchange) {
                      gate->log_out(*request);
                      Response response;
                      response.status = 204;
                      response.headers.emplace_back("Set-Cookie", session_cookie({}, over_tls(*request)));
                      // What the browser has kept is the user's, and the next one may be another.
                      response.headers.emplace_back("Clear-Site-Data", "\"cache\"");
                      exchange->send(std::move(response));
                    },
                    "logs out", Access::kPublic});
}

}  // namespace camctl::apps::serve::auth
