// Who may do what: the users of the configuration before the table of routes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/auth/links.h"
#include "apps/serve/auth/passwords.h"
#include "apps/serve/auth/sessions.h"
#include "apps/serve/auth/tokens.h"
#include "apps/serve/auth/users.h"
#include "apps/serve/http/gatekeeper.h"
#include "base/event_loop.h"

namespace camctl::apps::serve::auth {

// Thread-safe. Without users it lets everybody do everything (who may listen then: check_listen() in
// serve.h).
class Gate : public Gatekeeper {
 public:
  // The id of the camera that a route's {id} names; nothing where there is none. Thread-safe.
  using FindCamera = std::function<std::optional<std::string>(std::string_view text)>;

  // The loops are those of the connections, by Exchange::loop_index(). Tokens and the key of links are in
  // `state`, which is made for the first of them. kIo, kConfig.
  static Result<std::shared_ptr<Gate>> make(std::vector<EventLoop*> loops, FindCamera find_camera,
                                            const std::vector<UserEntry>& users,
                                            const std::filesystem::path& state);

  // Sessions and remembered passwords of users who are gone, or have another password, end by that.
  void set_users(const std::vector<UserEntry>& users);

  // Takes /signed/{token} off.
  void prepare(Request& request) const override;
  void admit(const std::shared_ptr<Request>& request, const Route& route, const ExchangePtr& exchange,
             std::function<void()> proceed) override;
  void stop() override { passwords_.stop(); }

  // Answers a log-in: 204 with the session's cookie, or the refusal.
  void log_in(const std::string& name, const Secret& password, const RequestPtr& request,
              const ExchangePtr& exchange);
  // Ends the session that the request's cookie names.
  void log_out(const Request& request);

  Tokens& tokens() { return *tokens_; }
  Links& links() { return *links_; }
  std::optional<std::string> find_camera(std::string_view text) const { return find_camera_(text); }
  // The user of the configuration who asks; nothing for tokens and links, and where there are no users.
  std::optional<User> user_of(const Request& request) const;

 private:
  Gate(std::vector<EventLoop*> loops, FindCamera find_camera, const std::vector<UserEntry>& users,
       std::unique_ptr<Tokens> tokens, std::unique_ptr<Links> links);
  UsersPtr users() const;
  void admit_by_password(const UsersPtr& users, const std::shared_ptr<Request>& request, const Route& route,
                         const ExchangePtr& exchange, std::function<void()> proceed);
  void settle(const PrincipalPtr& who, const std::shared_ptr<Request>& request, const Route& route,
              const ExchangePtr& exchange, const std::function<void()>& proceed) const;
  std::optional<Response> refuse(const Principal& who, const Route& route, const Request& request) const;

  const std::vector<EventLoop*> loops_;
  const FindCamera find_camera_;
  const PrincipalPtr anyone_;
  mutable std::mutex mutex_;
  UsersPtr users_;  // guarded by mutex_
  const std::unique_ptr<Tokens> tokens_;
  const std::unique_ptr<Links> links_;
  Sessions sessions_;
  Passwords passwords_;
};

// GET, POST and DELETE /api/session.
void add_session_routes(std::vector<Route>& routes, const std::shared_ptr<Gate>& gate);

}  // namespace camctl::apps::serve::auth
