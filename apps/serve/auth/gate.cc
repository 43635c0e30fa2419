#include "apps/serve/auth/gate.h"

#include <fmt/format.h>

#include <utility>

#include "apps/serve/auth/credentials.h"
#include "apps/serve/responses.h"

namespace camctl::apps::serve::auth {
namespace {

using Clock = std::chrono::steady_clock;

PrincipalPtr everybody() {
  auto who = std::make_shared<Principal>();
  who->admin = true;
  return who;
}

// Where a browser is sent to, and comes back from to what it asked for.
Response to_log_in(const Request& request) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string next;
  for (const char c : request.target) {
    if (kPlain.find(c) != kPlain.npos)
      next += c;
    else
      next += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  Response response;
  response.status = 303;
  response.headers.emplace_back("Location", next == "/" ? "/login" : "/login?next=" + next);
  return response;
}

Response unauthorised(const Request& request) {
  if (wants_page(request)) return to_log_in(request);
  auto response = error_response(401, "auth", "log in first", "by Basic, with a token, or at /login");
  response.headers.emplace_back("WWW-Authenticate", from_browser(request)
                                                        ? "Session realm=\"camctl\""
                                                        : "Basic realm=\"camctl\", charset=\"UTF-8\"");
  return response;
}

Response retry_later(int status, std::string_view message, std::chrono::seconds after) {
  auto response = error_response(status, "limit", message, fmt::format("try again in {} s", after.count()));
  response.headers.emplace_back("Retry-After", fmt::format("{}", after.count()));
  return response;
}

// Why a password does not let anybody in; nothing: it does.
std::optional<Response> refusal(const Passwords::Answer& answer, Response wrong) {
  switch (answer.verdict) {
    case Passwords::Verdict::kRight:
      return std::nullopt;
    case Passwords::Verdict::kWrong:
      return wrong;
    case Passwords::Verdict::kTooOften:
      return retry_later(429, "too many wrong passwords", answer.retry_after);
    case Passwords::Verdict::kBusy:
      break;
  }
  return retry_later(503, "too many are logging in", answer.retry_after);
}

const std::string* camera_text(const Request& request) {
  for (const auto& [name, text] : request.params.texts)
    if (name == "id") return &text;
  return nullptr;
}

}  // namespace

Gate::Gate(std::vector<EventLoop*> loops, FindCamera find_camera, const std::vector<UserEntry>& users,
           std::unique_ptr<Tokens> tokens, std::unique_ptr<Links> links)
    : loops_(std::move(loops)),
      find_camera_(std::move(find_camera)),
      anyone_(everybody()),
      users_(std::make_shared<Users>(users)),
      tokens_(std::move(tokens)),
      links_(std::move(links)) {}

Result<std::shared_ptr<Gate>> Gate::make(std::vector<EventLoop*> loops, FindCamera find_camera,
                                         const std::vector<UserEntry>& users,
                                         const std::filesystem::path& state) {
  auto tokens = Tokens::load(state / "tokens.json");
  if (!tokens) return fail(tokens.error());
  auto links = Links::load(state / "link.key");
  if (!links) return fail(links.error());
  return std::shared_ptr<Gate>(
      new Gate(std::move(loops), std::move(find_camera), users, std::move(*tokens), std::move(*links)));
}

void Gate::set_users(const std::vector<UserEntry>& users) {
  auto next = std::make_shared<Users>(users);
  const std::lock_guard lock(mutex_);
  users_ = std::move(next);
}

UsersPtr Gate::users() const {
  const std::lock_guard lock(mutex_);
  return users_;
}

std::optional<User> Gate::user_of(const Request& request) const {
  if (!request.who || !request.link.empty()) return std::nullopt;
  const auto all = users();
  const auto* user = all->find(request.who->name);
  return user == nullptr ? std::nullopt : std::optional(*user);
}

void Gate::prepare(Request& request) const {
  auto& segments = request.segments;
  if (segments.size() <= 2 || segments[0] != Links::kSegment) return;
  request.link = std::move(segments[1]);
  segments.erase(segments.begin(), segments.begin() + 2);
}

void Gate::admit(const std::shared_ptr<Request>& request, const Route& route, const ExchangePtr& exchange,
                 std::function<void()> proceed) {
  const auto all = users();
  if (all->empty()) {
    request->who = anyone_;
    return proceed();
  }
  if (route.access == Access::kPublic) return proceed();
  if (!request->link.empty()) {
    const auto who = links_->find(request->link, *all, std::chrono::system_clock::now());
    if (who) return settle(who, request, route, exchange, proceed);
    return exchange->send(
        error_response(403, "auth", "this address is not good, or not any more", "have another made"));
  }
  const auto authorization = request->header("authorization");
  if (request->header_count("authorization") > 1) return exchange->send(unauthorised(*request));
  if (const auto secret = parse_bearer(authorization); !secret.empty())
    return settle(tokens_->find(secret, *all, std::chrono::system_clock::now()), request, route, exchange,
                  proceed);
  if (!authorization.empty()) return admit_by_password(all, request, route, exchange, std::move(proceed));
  const auto token = cookie(*request, kSessionCookie);
  const auto who = token.empty() ? nullptr : sessions_.find(token, *all, Clock::now());
  settle(who, request, route, exchange, proceed);
}

void Gate::admit_by_password(const UsersPtr& users, const std::shared_ptr<Request>& request,
                             const Route& route, const ExchangePtr& exchange, std::function<void()> proceed) {
  const auto given = parse_basic(request->header("authorization"));
  if (!given) return exchange->send(unauthorised(*request));
  const auto decide = [this, request, &route, exchange,
                       proceed = std::move(proceed)](const Passwords::Answer& answer) {
    if (auto refused = refusal(answer, unauthorised(*request))) return exchange->send(std::move(*refused));
    settle(answer.user->who, request, route, exchange, proceed);
  };
  const auto at_once =
      passwords_.check(users, given->name, given->password, request->client, Clock::now(),
                       [decide, loop = loops_[exchange->loop_index()]](const Passwords::Answer& answer) {
                         loop->post([decide, answer] { decide(answer); });
                       });
  if (at_once) decide(*at_once);
}

void Gate::settle(const PrincipalPtr& who, const std::shared_ptr<Request>& request, const Route& route,
                  const ExchangePtr& exchange, const std::function<void()>& proceed) const {
  if (exchange->done()) return;
  if (!who) return exchange->send(unauthorised(*request));
  if (auto refused = refuse(*who, route, *request)) return exchange->send(std::move(*refused));
  request->who = who;
  proceed();
}

std::optional<Response> Gate::refuse(const Principal& who, const Route& route, const Request& request) const {
  if (who.admin) return std::nullopt;
  const bool changes = route.access == Access::kByMethod && route.method != Method::kGet;
  if (changes || route.access == Access::kAdmin)
    return error_response(403, "forbidden", fmt::format("{} may watch only", who.name),
                          "an admin may do this");
  if (!who.cameras) return std::nullopt;
  if (const auto* text = camera_text(request)) {
    const auto id = find_camera_(*text);
    if (!id || !who.may_see(*id)) return no_such_camera(*text);
  } else if (route.access != Access::kFiltered) {
    return error_response(403, "forbidden", fmt::format("user {} may see some cameras only", who.name));
  }
  return std::nullopt;
}

void Gate::log_in(const std::string& name, const Secret& password, const RequestPtr& request,
                  const ExchangePtr& exchange) {
  const auto decide = [this, request, exchange](const Passwords::Answer& answer) {
    auto wrong = error_response(401, "auth", "there is no such user, or the password is wrong");
    wrong.headers.emplace_back("WWW-Authenticate", "Session realm=\"camctl\"");
    if (auto refused = refusal(answer, std::move(wrong))) return exchange->send(std::move(*refused));
    Response response;
    response.status = 204;
    response.headers.emplace_back(
        "Set-Cookie", session_cookie(sessions_.open(*answer.user, Clock::now()), over_tls(*request)));
    exchange->send(std::move(response));
  };
  const auto all = users();
  if (all->empty()) return exchange->send(error_response(400, "usage", "nobody has to log in here"));
  const auto at_once = passwords_.check(all, name.substr(0, kMaxUserName + 1), password, request->client,
                                        Clock::now(), decide);
  if (at_once) decide(*at_once);
}

void Gate::log_out(const Request& request) {
  if (const auto token = cookie(request, kSessionCookie); !token.empty()) sessions_.close(token);
}

}  // namespace camctl::apps::serve::auth
