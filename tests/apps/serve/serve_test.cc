#include "apps/serve/serve.h"

#include <doctest/doctest.h>

#include "apps/serve/assets.h"
#include "apps/serve/camera_manager.h"
#include "apps/serve/http/access_log.h"
#include "apps/serve/http/server.h"
#include "apps/serve/viewers.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

TEST_CASE("where it may listen") {
  struct Case {
    std::string listen;
    bool anonymous;
    bool ok;
  };
  const Case cases[] = {
      {"127.0.0.1:8080", false, true},
      {"127.5.6.7:0", false, true},
      {"[::1]:8080", false, true},
      {"localhost:80", false, true},
      {"0.0.0.0:8080", false, false},
      {"0.0.0.0:8080", true, true},
      {"192.168.1.2:80", false, false},
      {"[::]:80", false, false},
      {"[::]:80", true, true},
      {"8080", true, false},
      {":8080", true, false},
      {"127.0.0.1", true, false},
      {"127.0.0.1:99999", true, false},
      {"name.example:80", true, false},
      {"", true, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.listen);
    Settings settings;
    settings.listen = c.listen;
    settings.allow_anonymous = c.anonymous;
    CHECK(check_listen(settings).has_value() == c.ok);
  }
  const auto with_users = [](std::string listen, std::string rtsp, bool anonymous) {
    Settings settings;
    settings.listen = std::move(listen);
    settings.rtsp_listen = std::move(rtsp);
    settings.allow_anonymous = anonymous;
    settings.users.push_back({"anna", Secret("hash"), false, {}});
    return check_listen(settings).has_value();
  };
  CHECK(with_users("0.0.0.0:8080", "", false));
  CHECK(with_users("0.0.0.0:8080", "127.0.0.1:8554", false));
  CHECK_FALSE(with_users("127.0.0.1:8080", "0.0.0.0:8554", false));  // which knows no users
  CHECK_FALSE(with_users("127.0.0.1:8080", "", true));               // who is right?
  CHECK(ListenAddress::parse("[::1]:81")->to_string() == "[::1]:81");
  CHECK(ListenAddress::parse("localhost:81")->to_string() == "127.0.0.1:81");
}

TEST_CASE("passwords go to the host they belong to and nowhere else") {
  const auto camera = [](std::string url, std::string ip, bool by_api = false, Credentials own = {}) {
    Camera c;
    c.rtsp_url = std::move(url);
    c.ip = std::move(ip);
    c.credentials = std::move(own);
    if (by_api) c.extra[kAddedBy] = "api";
    return c;
  };
  CredentialEntry entry;
  entry.host = "10.0.0.5";
  entry.network = Cidr::parse("10.0.0.5").value();
  entry.credentials = {"listed", Secret("x")};
  const Credentials general{"general", Secret("y")}, own{"own", Secret("z")};
  struct Case {
    Camera camera;
    std::string user;
  };
  const Case cases[] = {
      {camera("rtsp://10.0.0.5/a", "10.0.0.5"), "listed"},
      {camera("rtsp://10.0.0.5/a", "10.0.0.5", true), "listed"},
      {camera("rtsp://10.0.0.5/a", "10.0.0.5", false, own), "own"},
      {camera("rtsp://10.0.0.6/a", "10.0.0.6"), "general"},
      {camera("rtsp://10.0.0.6/a", "10.0.0.6", true), ""},  // a page named this host
      {camera("rtsp://evil.example/a", "10.0.0.6"), ""},    // the device named this host
      {camera("not a url", "10.0.0.6"), ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.camera.rtsp_url);
    CHECK(credentials_for(c.camera, {entry}, general).user == c.user);
  }
}

TEST_CASE("viewers are counted while they fetch") {
  Viewers viewers;
  const auto start = Viewers::Clock::time_point{} + 1h;
  viewers.seen(1, start);
  viewers.seen(2, start);
  viewers.seen(1, start + 10s);
  CHECK(viewers.count(start + 10s) == 2);
  CHECK(viewers.count(start + 20s) == 1);
  CHECK(viewers.count(start + 40s) == 0);
  for (std::uint64_t i = 0; i < 2 * Viewers::kMaxViewers; ++i) viewers.seen(i, start + 50s);
  CHECK(viewers.count(start + 50s) == Viewers::kMaxViewers);
}

TEST_CASE("a line of the access log can't be forged") {
  Request request;
  request.client = IpAddress::parse("192.0.2.1").value();
  request.method_text = "GET";
  request.target = "/a\"b\n?u=rtsp://me:secret@host/";
  request.headers = {{"user-agent", "x\" \x1b[31m\\"}, {"referer", "http://r/"}};
  const auto line = access_line(request, 200, 12, std::chrono::system_clock::from_time_t(784111777));
  CHECK(line.starts_with("192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a\\x22b\\x0A?u=rtsp://"));
  CHECK(line.find("secret") == std::string::npos);
  CHECK(line.ends_with(" 200 12 \"http://r/\" \"x\\x22 \\x1B[31m\\x5C\""));
}

TEST_CASE("assets have types and tags") {
  const EmbeddedFile files[] = {{"/", "web/index.html", "<p>"}, {"/v/h.mjs", "web/v/h.mjs", "x"}};
  const auto assets = load_assets(files, {});
  REQUIRE(assets);
  CHECK((*assets)[0].content_type == "text/html; charset=utf-8");
  CHECK((*assets)[1].content_type == "text/javascript; charset=utf-8");
  CHECK((*assets)[0].etag != (*assets)[1].etag);
  CHECK((*assets)[0].body->size == 3);
  CHECK(!load_assets(files, "/nowhere"));
  CHECK(content_type_of("a.bin") == "application/octet-stream");
}

}  // namespace
}  // namespace camctl::apps::serve
