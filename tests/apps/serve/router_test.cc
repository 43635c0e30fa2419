#include "apps/serve/http/router.h"

#include <doctest/doctest.h>

#include "apps/serve/http/target.h"

namespace camctl::apps::serve {
namespace {

// Routes that say their pattern into `hit`.
Router routes_into(std::string& hit) {
  std::vector<Route> routes;
  const auto add = [&](Method method, std::string_view pattern) {
    routes.push_back({method, pattern, [&hit, pattern](const auto&, const auto&) { hit = pattern; }, ""});
  };
  add(Method::kGet, "/");
  add(Method::kGet, "/api/cameras");
  add(Method::kPost, "/api/cameras");
  add(Method::kGet, "/api/cameras/{id}");
  add(Method::kDelete, "/api/cameras/{id}");
  add(Method::kGet, "/hls/{id}/playlist.m3u8");
  add(Method::kGet, "/hls/{id}/playlist{#n}.ts");
  add(Method::kGet, "/hls/{id}/main/part{#n}.{#k}.m4s");
  return Router(std::move(routes));
}

struct Outcome {
  std::string pattern, allow;
  Params params;
};
Outcome ask(std::string_view method, std::string_view target) {
  std::string hit;
  const auto router = routes_into(hit);
  auto request = std::make_shared<Request>();
  request->method = method_from(method);
  request->segments = parse_target(target).value().segments;
  const auto match = router.match(*request);
  if (match.route) match.route->handler(request, nullptr);
  return {hit, match.allow, request->params};
}

TEST_CASE("paths find their routes") {
  struct Case {
    std::string method, target, pattern, allow;
  };
  const Case cases[] = {
      {"GET", "/", "/", ""},
      {"HEAD", "/", "/", ""},
      {"POST", "/", "", "GET, HEAD"},
      {"GET", "/api/cameras", "/api/cameras", ""},
      {"GET", "/api/cameras?x=y", "/api/cameras", ""},
      {"POST", "/api/cameras", "/api/cameras", ""},
      {"PUT", "/api/cameras", "", "GET, HEAD, POST"},
      {"BREW", "/api/cameras", "", "GET, HEAD, POST"},
      {"DELETE", "/api/cameras/stream_0", "/api/cameras/{id}", ""},
      {"OPTIONS", "/api/cameras/stream_0", "", "GET, HEAD, DELETE"},
      {"GET", "/api/cameras/", "", ""},
      {"GET", "/api", "", ""},
      {"GET", "//api/cameras", "", ""},
      {"GET", "/hls/stream_0/playlist.m3u8", "/hls/{id}/playlist.m3u8", ""},
      {"GET", "/hls/stream_0/playlist7.ts", "/hls/{id}/playlist{#n}.ts", ""},
      {"GET", "/hls/stream_0/playlist07.ts", "", ""},
      {"GET", "/hls/stream_0/playlist.ts", "", ""},
      {"GET", "/hls/stream_0/playlist-1.ts", "", ""},
      {"GET", "/hls/stream_0/playlist1.tsx", "", ""},
      {"GET", "/hls/stream_0/playlist99999999999999999999.ts", "", ""},
      {"GET", "/hls/stream_0/main/part3.14.m4s", "/hls/{id}/main/part{#n}.{#k}.m4s", ""},
      {"GET", "/hls/stream_0/main/part3..m4s", "", ""},
      {"GET", "/nothing", "", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.method);
    CAPTURE(c.target);
    const auto outcome = ask(c.method, c.target);
    CHECK(outcome.pattern == c.pattern);
    CHECK(outcome.allow == c.allow);
  }
}

TEST_CASE("parameters") {
  CHECK(ask("GET", "/hls/gar%20age/playlist.m3u8").params.text("id") == "gar age");
  const auto part = ask("GET", "/hls/0/main/part18446744073709551615.0.m4s").params;
  CHECK(part.text("id") == "0");
  CHECK(part.number("n") == 18446744073709551615u);
  CHECK(part.number("k") == 0);
}

}  // namespace
}  // namespace camctl::apps::serve
