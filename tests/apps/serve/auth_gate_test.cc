// The gate before the table of routes that the program has.
#include <doctest/doctest.h>

#include <set>

#include "apps/serve/auth/credentials.h"
#include "apps/serve/auth/gate.h"
#include "apps/serve/devices/device_control.h"
#include "apps/serve/disk_reader.h"
#include "apps/serve/events/event_log.h"
#include "apps/serve/events/event_watch.h"
#include "apps/serve/http/target.h"
#include "apps/serve/routes.h"
#include "apps/serve/snapshots.h"
#include "base/base64.h"
#include "tests/apps/serve/auth_fixture.h"

namespace camctl::apps::serve::auth {
namespace {

constexpr std::string_view kPassword = "a long password";

// All of it that needs no log-in. A route that shall be another says so here, too.
const std::set<std::string> kPublic = {"GET /healthz",    "GET /readyz",       "GET /login",
                                       "GET /style.css",  "POST /api/session", "DELETE /api/session",
                                       "GET /js/login.js"};

struct Bench {
  Bench() { loop.start("test"); }
  ~Bench() {
    gate->stop();
    loop.stop();
    loop.join();
  }

  EventLoop loop;
  CameraManager cameras{std::vector<EventLoop*>{&loop}};
  Snapshots snapshots;
  DiskReader disk;
  EventLoop control;  // never runs: no handler is called
  Refusals refusals;
  DeviceControl devices{refusals};
  EventLog event_log;
  EventWatch event_watch{control, cameras, refusals, event_log};
  const EmbeddedFile files[4] = {{"/", "web/index.html", "x"},
                                 {"/login", "web/login.html", "x"},
                                 {"/style.css", "web/style.css", "x"},
                                 {"/js/login.js", "web/js/login.js", "x"}};
  const std::vector<Asset> assets = load_assets(files, {}).value();
  const Folder state;
  std::shared_ptr<Gate> gate =
      Gate::make(
          std::vector{&loop},
          [](std::string_view text) {
            return text == "0" || text == "stream_0" ? std::optional<std::string>("stream_0") : std::nullopt;
          },
          std::vector{entry("admin", std::string(kPassword), true), entry("viewer", std::string(kPassword)),
                      entry("guest", std::string(kPassword), false, {{"stream_0"}}),
                      entry("stranger", std::string(kPassword), false, {{"stream_1"}})},
          state.path)
          .value();
  const Router router{all_routes(std::make_shared<RouteContext>(RouteContext{cameras,
                                                                             nullptr,
                                                                             nullptr,
                                                                             nullptr,
                                                                             snapshots,
                                                                             disk,
                                                                             nullptr,
                                                                             nullptr,
                                                                             devices,
                                                                             event_log,
                                                                             event_watch,
                                                                             {&loop},
                                                                             std::nullopt}),
                                 gate, assets)};

  // The cookie's value.
  std::string log_in(const std::string& name) {
    const auto exchange = std::make_shared<KeptExchange>();
    auto request = std::make_shared<Request>();
    request->client = IpAddress::parse("192.0.2.1").value();
    gate->log_in(name, Secret(std::string(kPassword)), request, exchange);
    const auto& response = exchange->answer();
    REQUIRE(response.status == 204);
    const auto& [header, value] = response.headers.at(0);
    REQUIRE(header == "Set-Cookie");
    return value.substr(0, value.find(';'));
  }

  // 0: the handler would have been run, as `who`.
  int admit(const Route& route, std::vector<std::pair<std::string, std::string>> headers,
            PrincipalPtr* who = nullptr) {
    const auto exchange = std::make_shared<KeptExchange>();
    auto request = request_for(route);
    request->headers = std::move(headers);
    const auto found = router.match(*request);
    REQUIRE(found.route == &route);
    gate->admit(request, route, exchange, [exchange] {
      Response proceeded;
      proceeded.status = 0;
      exchange->send(proceeded);
    });
    const int status = exchange->answer().status;
    if (who) *who = request->who;
    return status;
  }

  static std::shared_ptr<Request> request_for(const Route& route) {
    std::string path(route.pattern);
    for (auto open = path.find('{'); open != path.npos; open = path.find('{')) {
      const auto close = path.find('}', open);
      path.replace(open, close - open + 1,
                   path[open + 1] == '#'                ? "1"
                   : path.compare(open, 4, "{id}") == 0 ? "stream_0"
                                                        : "main");
    }
    auto request = std::make_shared<Request>();
    request->method = route.method;
    request->target = path;
    request->segments = parse_target(path).value().segments;
    request->client = IpAddress::parse("192.0.2.1").value();
    return request;
  }
};

std::string name_of(const Route& route) {
  return std::string(name(route.method)) + " " + std::string(route.pattern);
}

TEST_CASE("nobody gets past any route that is not public") {
  Bench bench;
  REQUIRE(bench.router.routes().size() > 20);
  for (const auto& route : bench.router.routes()) {
    CAPTURE(name_of(route));
    const bool is_public = kPublic.contains(name_of(route));
    CHECK(bench.admit(route, {}) == (is_public ? 0 : 401));
    for (const auto* bad : {"Basic", "Basic bm8gY29sb24=", "Bearer abc", "Digest username=\"admin\""})
      CHECK(bench.admit(route, {{"authorization", bad}}) == (is_public ? 0 : 401));
    CHECK(bench.admit(route, {{"cookie", "camctl_session=abc"}}) == (is_public ? 0 : 401));
  }
}

TEST_CASE("who may use which route") {
  Bench bench;
  const auto admin = bench.log_in("admin"), viewer = bench.log_in("viewer"), guest = bench.log_in("guest"),
             stranger = bench.log_in("stranger");
  for (const auto& route : bench.router.routes()) {
    CAPTURE(name_of(route));
    if (kPublic.contains(name_of(route))) continue;
    const auto as = [&](const std::string& cookie) { return bench.admit(route, {{"cookie", cookie}}); };
    const bool reads =
        (route.method == Method::kGet && route.access != Access::kAdmin) || route.access == Access::kViewer;
    const bool of_camera = route.pattern.find("{id}") != route.pattern.npos;
    const bool filtered = route.access == Access::kFiltered;
    CHECK(as(admin) == 0);
    CHECK(as(viewer) == (reads ? 0 : 403));
    CHECK(as(guest) == (reads && (of_camera || filtered) ? 0 : 403));
    CHECK(as(stranger) == (!reads ? 403 : of_camera ? 404 : filtered ? 0 : 403));
  }
}

TEST_CASE("what is filtered is known by name") {
  Bench bench;
  std::set<std::string> filtered;
  for (const auto& route : bench.router.routes())
    if (route.access == Access::kFiltered) filtered.insert(name_of(route));
  CHECK(filtered == std::set<std::string>{"GET /", "GET /api/cameras", "GET /api/events",
                                          "GET /api/events/stream", "GET /api/session"});
}

TEST_CASE("a password in the request") {
  Bench bench;
  const auto& route = *std::find_if(bench.router.routes().begin(), bench.router.routes().end(),
                                    [](const auto& r) { return r.pattern == "/api/cameras"; });
  const auto as = [&](const std::string& credentials, PrincipalPtr* who = nullptr) {
    return bench.admit(route, {{"authorization", "Basic " + base64_encode(credentials)}}, who);
  };
  PrincipalPtr who;
  CHECK(as("guest:a long password", &who) == 0);
  CHECK(who->name == "guest");
  CHECK(who->may_see("stream_0"));
  CHECK_FALSE(who->may_see("stream_1"));
  CHECK(as("guest:a long password") == 0);
  CHECK(as("guest:another password") == 401);
  CHECK(as("nobody:a long password") == 401);
  // A header that is wrong is not made good by a cookie.
  CHECK(bench.admit(route, {{"authorization", "Basic x"}, {"cookie", bench.log_in("admin")}}) == 401);
  const auto good = "Basic " + base64_encode("guest:a long password");
  CHECK(bench.admit(route, {{"authorization", good}, {"authorization", good}}) == 401);
  int limited = 0;
  for (int i = 0; i < 20; ++i) limited += as("guest:" + std::to_string(i)) == 429;
  CHECK(limited >= 10);
}

TEST_CASE("without users everybody is an admin") {
  Bench bench;
  bench.gate->set_users({});
  for (const auto& route : bench.router.routes()) {
    PrincipalPtr who;
    CHECK(bench.admit(route, {}, &who) == 0);
    CHECK(who->admin);
    CHECK(who->may_see("anything"));
  }
}

TEST_CASE("a browser is sent to the log-in page, and never told of Basic") {
  Bench bench;
  const auto& route = *std::find_if(bench.router.routes().begin(), bench.router.routes().end(),
                                    [](const auto& r) { return r.pattern == "/api/cameras/{id}"; });
  CHECK(bench.admit(route, {{"accept", "text/html,*/*"}}) == 303);
  CHECK(bench.admit(route, {{"accept", "*/*"}}) == 401);
  CHECK(from_browser(*[] {
    auto request = std::make_shared<Request>();
    request->headers = {{"user-agent", "Mozilla/5.0 (X11)"}};
    return request;
  }()));
}

TEST_CASE("tokens and signed addresses reach what they are for, and nothing else") {
  Bench bench;
  Tokens::Token wish;
  wish.name = "wall";
  wish.by = "admin";
  wish.cameras = {"stream_0"};
  const auto secret = bench.gate->tokens().add(wish, std::chrono::system_clock::now()).value().secret;
  for (const auto& route : bench.router.routes()) {
    CAPTURE(name_of(route));
    if (kPublic.contains(name_of(route))) continue;
    const bool reads = route.method == Method::kGet && route.access != Access::kAdmin;
    const bool of_camera = route.pattern.find("{id}") != route.pattern.npos;
    const bool open =
        of_camera ? reads || route.access == Access::kViewer : route.access == Access::kFiltered;
    CHECK(bench.admit(route, {{"authorization", "Bearer " + secret}}) == (open ? 0 : 403));
    CHECK(bench.admit(route, {{"authorization", "Bearer " + secret + "x"}}) == 401);
  }
}

TEST_CASE("a signed address is taken apart before the route is looked for") {
  Bench bench;
  Request request;
  request.segments = {"signed", "token", "hls", "stream_0", "index.m3u8"};
  bench.gate->prepare(request);
  CHECK(request.link == "token");
  CHECK(request.segments == std::vector<std::string>{"hls", "stream_0", "index.m3u8"});
  request = {};
  for (const auto& segments :
       std::vector<std::vector<std::string>>{{"signed"}, {"signed", "x"}, {"a", "b", "c"}, {}}) {
    request.segments = segments;
    bench.gate->prepare(request);
    CHECK(request.link.empty());
    CHECK(request.segments == segments);
  }
}

}  // namespace
}  // namespace camctl::apps::serve::auth
