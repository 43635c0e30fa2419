#include "libonvif/snapshot.h"

#include <doctest/doctest.h>

#include "base/digest_auth.h"
#include "tests/libonvif/session_bench.h"

using namespace camctl;
using namespace camctl::onvif;

namespace {

const std::string kJpeg = std::string("\xFF\xD8\xFF\xE0") + "picture" + "\xFF\xD9";
const Credentials kUser{"admin", Secret("s3cret")};

// A camera's HTTP server that wants these credentials.
struct Camera {
  explicit Camera(std::vector<std::string> the_challenges) : challenges(std::move(the_challenges)) {}

  Result<HttpReply> get(const Url& url, const std::vector<std::string>& headers) {
    ++requests;
    last = url;
    HttpReply reply;
    std::string authorization;
    for (const auto& line : headers)
      if (line.starts_with("Authorization: ")) authorization = line.substr(15);
    if (!authorization.empty()) ++attempts;
    const bool basic = authorization == "Basic YWRtaW46czNjcmV0";
    const bool fine =
        challenges.empty() || (basic && takes_basic) ||
        (server && server->check(authorization, "GET", url.target, kUser) == AuthServer::Verdict::kOk);
    reply.status = fine ? 200 : 401;
    if (fine) reply.body = body;
    if (!fine) reply.www_authenticate = challenges;
    return reply;
  }

  Result<std::string> fetch(const Credentials& credentials = kUser,
                            const char* url = "http://10.0.0.1:85/pic?a=%20b") {
    return fetch_snapshot([this](const Url& at, const auto& headers) { return get(at, headers); },
                          *Url::parse(url), credentials);
  }

  std::vector<std::string> challenges;
  std::optional<AuthServer> server;
  bool takes_basic = false;
  std::string body = kJpeg;
  Url last;
  int requests = 0, attempts = 0;
};

}  // namespace

TEST_CASE("an open camera never sees credentials (quirk 82)") {
  Camera camera({});
  CHECK(camera.fetch() == kJpeg);
  CHECK(camera.requests == 1);
  CHECK(camera.attempts == 0);
  CHECK(camera.last.to_string() == "http://10.0.0.1:85/pic?a=%20b");
}

TEST_CASE("Digest, where it is offered; Basic, where nothing else is") {
  Camera digest({});
  digest.server.emplace("cam", std::vector{DigestAlgorithm::kSha256});
  digest.challenges = digest.server->challenges();
  CHECK(digest.fetch() == kJpeg);
  CHECK(digest.attempts == 1);

  Camera basic({"Basic realm=\"cam\""});
  basic.takes_basic = true;
  CHECK(basic.fetch() == kJpeg);
  CHECK(basic.attempts == 1);
}

TEST_CASE("refused credentials end it (quirk 57)") {
  Camera camera({});
  camera.server.emplace("cam", std::vector{DigestAlgorithm::kMd5});
  camera.challenges = camera.server->challenges();
  const auto refused = camera.fetch({"admin", Secret("wrong")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kAuth);
  CHECK(camera.attempts == 1);
  const auto without = camera.fetch({});
  REQUIRE_FALSE(without);
  CHECK(without.error().code == ErrorCode::kAuth);
  CHECK(camera.attempts == 1);
}

TEST_CASE("what is no JPEG is refused") {
  CHECK(is_jpeg(kJpeg));
  CHECK(is_jpeg(kJpeg + std::string(8, '\0')));
  CHECK_FALSE(is_jpeg(kJpeg.substr(0, 8)));
  CHECK_FALSE(is_jpeg(""));
  Camera camera({});
  camera.body = "<html>";
  const auto page = camera.fetch();
  REQUIRE_FALSE(page);
  CHECK(page.error().code == ErrorCode::kProtocol);
}

TEST_CASE("redirects stay on their host") {
  HttpReply reply;
  reply.status = 302;
  const Url url = *Url::parse("http://10.0.0.1/a");
  reply.location = "/b";
  CHECK(redirected(url, reply)->to_string() == "http://10.0.0.1/b");
  reply.location = "https://10.0.0.1:444/c";
  CHECK(redirected(url, reply)->to_string() == "https://10.0.0.1:444/c");
  reply.location = "http://10.0.0.2/d";
  CHECK_FALSE(redirected(url, reply));
  reply.location = "file:///etc/passwd";
  CHECK_FALSE(redirected(url, reply));
  reply.status = 200;
  CHECK_FALSE(redirected(url, reply));
}

TEST_CASE("the address of a picture is on the host that we reached") {
  auto config = test_device();
  config.nat = true;
  SessionBench bench(config);
  const auto url = snapshot_uri(bench.session, {});
  REQUIRE(url);
  CHECK(url->url == "http://127.0.0.2:8000/snapshot.jpg?profile=P1");
  CHECK(url->original == "http://192.0.2.1:8000/snapshot.jpg?profile=P1");
  CHECK(snapshot_uri(bench.session, {"P2"})->url.ends_with("profile=P2"));
  CHECK_FALSE(snapshot_uri(bench.session, {"nobody"}));
}
