// The one table of routes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/http/http_counters.h"
#include "apps/serve/http/message.h"

namespace camctl::apps::serve {

// Answers by exchange->send(), at once or later. Runs on the connection's loop and must not block.
using Handler = std::function<void(const RequestPtr& request, const ExchangePtr& exchange)>;

// Who may use a route, where there are users.
enum class Access : std::uint8_t {
  // GET: whoever may see the camera of its {id}; without {id}, whoever may see all. Other methods: admins.
  kByMethod,
  kViewer,    // as GET, whatever the method
  kAdmin,     // admins, whatever the method
  kFiltered,  // everybody who is logged in: the handler leaves out what Request::may_see() denies
  kPublic,    // everybody
};

struct Route {
  Method method = Method::kGet;  // kGet serves HEAD too
  // "/hls/{id}/playlist{#n}.ts": {name} matches some text within a segment, {#name} a decimal number without
  // leading zeros (so that no two addresses name the same thing).
  std::string_view pattern;
  Handler handler;
  std::string_view summary;  // one line for the API's description
  Access access = Access::kByMethod;
};

class Router {
 public:
  // The patterns must outlive the router.
  explicit Router(std::vector<Route> routes = {});

  // Finds the route of `request` and sets its params. Where there is none: null, and in `allow`
  // the methods that the path has ("GET, HEAD"), empty for an unknown path.
  struct Match {
    const Route* route = nullptr;  // the router's
    std::string allow;
    Content content = Content::kPage;
  };
  Match match(Request& request) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Part {
    enum class Kind : std::uint8_t { kLiteral, kText, kNumber } kind;
    std::string_view text;  // the literal, or the parameter's name
  };
  using Segment = std::vector<Part>;
  static std::vector<Segment> compile(std::string_view pattern);
  static bool match_segment(const Segment& parts, std::string_view text, Params& params);
  static bool match_path(const std::vector<Segment>& pattern, const Request& request, Params& params);

  std::vector<Route> routes_;
  std::vector<std::vector<Segment>> patterns_;  // of each route
  std::vector<Content> contents_;               // of each route
};

}  // namespace camctl::apps::serve
