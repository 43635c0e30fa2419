#include "apps/serve/http/guard.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("names that a Host header may have") {
  const std::vector<std::string> hosts = {"nvr.example", "Cameras"};
  struct Case {
    std::string host;
    bool allowed;
  };
  const Case cases[] = {
      {"localhost", true},        {"LOCALHOST:8080", true},    {"127.0.0.1", true},
      {"192.168.7.9:8080", true}, {"[::1]:8080", true},        {"[fe80::1]", true},
      {"nvr.example", true},      {"NVR.Example:80", true},    {"cameras:1", true},
      {"evil.example", false},    {"nvr.example.evil", false}, {"localhost.evil", false},
      {"xlocalhost", false},      {"127.0.0.1.nip.io", false}, {"", false},
      {"127.0.0.1, evil", false}, {"0x7f000001", false},       {"127.1", false},
      {"evil@127.0.0.1", false},  {"localhost.", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.host);
    CHECK(host_allowed(c.host, hosts) == c.allowed);
  }
}

TEST_CASE("who may ask for what") {
  struct Case {
    Method method;
    bool websocket;
    Headers headers;
    int status;  // 0: goes on
  };
  const std::string own = "127.0.0.1:8080";
  const Case cases[] = {
      {Method::kGet, false, {{"host", own}}, 0},
      {Method::kGet, false, {}, 400},
      {Method::kGet, false, {{"host", own}, {"host", own}}, 400},
      {Method::kGet, false, {{"host", "a b"}}, 400},
      {Method::kGet, false, {{"host", "evil.example"}}, 421},
      // Reading is what the browser's own rules keep from other sites.
      {Method::kGet, false, {{"host", own}, {"origin", "http://evil.example"}}, 0},
      {Method::kPost, false, {{"host", own}}, 0},  // no browser
      {Method::kPost, false, {{"host", own}, {"origin", "http://127.0.0.1:8080"}}, 0},
      {Method::kPost, false, {{"host", own}, {"origin", "http://127.0.0.1:8081"}}, 403},
      {Method::kPost, false, {{"host", own}, {"origin", "http://evil.example"}}, 403},
      {Method::kPost, false, {{"host", own}, {"origin", "null"}}, 403},
      {Method::kPost, false, {{"host", own}, {"origin", ""}, {"origin", "http://evil"}}, 403},
      {Method::kPost, false, {{"host", own}, {"origin", "http://trusted.example"}}, 0},
      {Method::kPost, false, {{"host", own}, {"sec-fetch-site", "cross-site"}}, 403},
      {Method::kPost, false, {{"host", own}, {"sec-fetch-site", "same-site"}}, 403},
      {Method::kPost, false, {{"host", own}, {"sec-fetch-site", "same-origin"}}, 0},
      {Method::kPatch, false, {{"host", own}, {"origin", "http://evil.example"}}, 403},
      {Method::kDelete, false, {{"host", own}, {"origin", "http://evil.example"}}, 403},
      {Method::kOther, false, {{"host", own}, {"origin", "http://evil.example"}}, 403},
      {Method::kGet, true, {{"host", own}, {"origin", "http://evil.example"}}, 403},
      {Method::kGet, true, {{"host", own}, {"origin", "http://127.0.0.1:8080"}}, 0},
      // The page of an address that was rebound sends its own name in both.
      {Method::kPost, false, {{"host", "evil.example:8080"}, {"origin", "http://evil.example:8080"}}, 421},
  };
  int n = 0;
  for (const auto& c : cases) {
    CAPTURE(n++);
    Request request;
    request.method = c.method;
    request.websocket = c.websocket;
    request.headers = c.headers;
    const auto refusal = check(request, {{}, {"http://trusted.example"}});
    CHECK((refusal ? refusal->status : 0) == c.status);
  }
  Request old;
  old.method = Method::kGet;
  old.http_1_0 = true;
  CHECK(!check(old, {}));
}

TEST_CASE("any origin may be allowed to read, but only named ones to change") {
  Request request;
  request.method = Method::kOptions;
  request.headers = {{"origin", "http://other"}, {"access-control-request-method", "POST"}};
  const auto methods = [&](const std::vector<std::string>& origins) {
    for (const auto& [name, value] : preflight(request, origins, "GET, HEAD, POST").headers)
      if (name == "Access-Control-Allow-Methods") return value;
    return std::string{};
  };
  CHECK(methods({}).empty());
  CHECK(methods({"http://a"}).empty());
  CHECK(methods({"*"}) == "GET, HEAD");
  CHECK(methods({"http://other"}) == "GET, HEAD, POST");
  request.method = Method::kPost;
  CHECK(!origin_allowed(request, {"*"}));
}

}  // namespace
}  // namespace camctl::apps::serve
