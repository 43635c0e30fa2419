#include "base/digest_auth.h"

#include <doctest/doctest.h>

using namespace camctl;

namespace {

const Credentials kMufasa{"Mufasa", Secret("Circle of Life")};

std::string parameter(const std::string& header, const std::string& name) {
  const auto start = header.find(name + "=\"");
  if (start == std::string::npos) return {};
  const auto from = start + name.size() + 2;
  return header.substr(from, header.find('"', from) - from);
}

}  // namespace

TEST_CASE("challenges are read from one header or several, in every form cameras send") {
  struct Row {
    const char* header;
    std::size_t count;
    Challenge::Scheme scheme;  // of the first
    const char* realm;
    const char* nonce;
    bool qop_auth;
    bool known_algorithm;
  };
  using S = Challenge::Scheme;
  const Row rows[] = {
      {R"x(Digest realm="IP Camera(C1234)", nonce="abc", stale="FALSE")x", 1, S::kDigest, "IP Camera(C1234)",
       "abc", false, true},
      {R"(Digest qop="auth,auth-int", realm="a, b=\"c\"", nonce="n=1", algorithm=MD5)", 1, S::kDigest,
       "a, b=\"c\"", "n=1", true, true},
      {R"(Digest realm=x, nonce=y, qop=auth, algorithm="SHA-256")", 1, S::kDigest, "x", "y", true, true},
      {R"(Digest realm="x",nonce="y",algorithm=SHA-512-256)", 1, S::kDigest, "x", "y", false, false},
      {R"(Basic realm="a", Digest realm="b", nonce="c")", 2, S::kBasic, "a", "", false, true},
      {R"(Digest realm="b" , nonce = "c" , Basic realm="a")", 2, S::kDigest, "b", "c", false, true},
      {R"(Negotiate)", 1, S::kOther, "", "", false, true},
      {R"(digest REALM="b", NONCE="c", QOP="AUTH")", 1, S::kDigest, "b", "c", true, true},
      {R"(Digest realm="unterminated, nonce="c")", 2, S::kDigest, "unterminated, nonce=", "", false, true},
      {R"(="", ,,)", 0, S::kOther, "", "", false, true},
      {"", 0, S::kOther, "", "", false, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    const auto challenges = parse_challenges(row.header);
    REQUIRE(challenges.size() == row.count);
    if (challenges.empty()) continue;
    CHECK(challenges[0].scheme == row.scheme);
    CHECK(challenges[0].realm == row.realm);
    CHECK(challenges[0].nonce == row.nonce);
    CHECK(challenges[0].qop_auth == row.qop_auth);
    CHECK(challenges[0].algorithm.has_value() == row.known_algorithm);
  }
}

TEST_CASE("a hostile header gives a bounded number of challenges") {
  std::string header;
  for (int i = 0; i < 1000; ++i) header += "Digest realm=\"x\", ";
  CHECK(parse_challenges(header).size() == kMaxChallenges);
}

TEST_CASE("the RFC 2069 form gives the response of its erratum's example") {
  AuthClient client({"Mufasa", Secret("CircleOfLife")}, false);
  REQUIRE(
      client.challenge({R"(Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",)"
                        R"( opaque="5ccc069c403ebaf9f0171e9517f40e41")"}));
  const auto header = client.authorization("GET", "/dir/index.html");
  REQUIRE(header);
  CHECK(parameter(*header, "response") == "1949323746fe6a43ef61f9606e7febea");
  CHECK(parameter(*header, "opaque") == "5ccc069c403ebaf9f0171e9517f40e41");
  CHECK(header->find("qop") == std::string::npos);
}

TEST_CASE("our client and our server agree on every algorithm, and on refusal") {
  for (const auto algorithm : {DigestAlgorithm::kMd5, DigestAlgorithm::kMd5Sess, DigestAlgorithm::kSha256,
                               DigestAlgorithm::kSha256Sess}) {
    const AuthServer server("a \"realm\"", {algorithm});
    AuthClient right(kMufasa, false);
    REQUIRE(right.challenge(server.challenges()));
    for (int request = 0; request < 2; ++request) {
      const auto header = right.authorization("DESCRIBE", "rtsp://h/x?a=\"b\"");
      CHECK(server.check(*header, "DESCRIBE", "rtsp://h/x?a=\"b\"", kMufasa) == AuthServer::Verdict::kOk);
      CHECK(server.check(*header, "SETUP", "rtsp://h/x?a=\"b\"", kMufasa) == AuthServer::Verdict::kRefused);
      CHECK(server.check(*header, "DESCRIBE", "rtsp://h/y", kMufasa) == AuthServer::Verdict::kRefused);
    }
    AuthClient wrong({"Mufasa", Secret("circle of life")}, false);
    REQUIRE(wrong.challenge(server.challenges()));
    CHECK(server.check(*wrong.authorization("GET", "/"), "GET", "/", kMufasa) ==
          AuthServer::Verdict::kRefused);
  }
}

TEST_CASE("a nonce of another server is stale, a bare or foreign header is missing") {
  const AuthServer server("r", {DigestAlgorithm::kMd5}), other("r", {DigestAlgorithm::kMd5});
  AuthClient client(kMufasa, false);
  REQUIRE(client.challenge(other.challenges()));
  CHECK(server.check(*client.authorization("GET", "/"), "GET", "/", kMufasa) == AuthServer::Verdict::kStale);
  CHECK(server.check("", "GET", "/", kMufasa) == AuthServer::Verdict::kMissing);
  CHECK(server.check("Bearer x", "GET", "/", kMufasa) == AuthServer::Verdict::kMissing);
  CHECK(server.check("Digest", "GET", "/", kMufasa) == AuthServer::Verdict::kStale);
  CHECK(server.check("Digest nonce=\".\"", "GET", "/", kMufasa) == AuthServer::Verdict::kStale);
}

TEST_CASE("the strongest challenge is answered first, the weaker ones on falling back (quirk 50)") {
  AuthClient client(kMufasa, true);
  REQUIRE(client.challenge({R"(Basic realm="c")", R"(Digest realm="c", nonce="1")",
                            R"(Digest realm="c", nonce="2", algorithm=SHA-256, qop="auth")",
                            R"(Digest realm="c", nonce="3", qop="auth-int")"}));
  CHECK(client.scheme_name() == "digest/sha-256");
  CHECK(client.fall_back());
  CHECK(client.scheme_name() == "digest/md5");
  CHECK(client.fall_back());
  CHECK(client.authorization("GET", "/") == "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl");
  CHECK(!client.fall_back());
}

TEST_CASE("Basic goes out only where it is allowed") {
  AuthClient client(kMufasa, false);
  const auto result = client.challenge({R"(Basic realm="c")"});
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::kAuth);
}

TEST_CASE(
    "credentials are tried once: a second 401 is a refusal unless only the nonce was stale (quirk 57)") {
  const std::vector<std::string> challenge = {R"(Digest realm="c", nonce="1", qop="auth")"};
  AuthClient client(kMufasa, false);
  CHECK(!client.authorization("GET", "/"));
  REQUIRE(client.challenge(challenge));
  CHECK(client.authorization("GET", "/"));
  CHECK(client.challenge({R"(Digest realm="c", nonce="2", qop="auth", stale=TRUE)"}));
  CHECK(client.authorization("GET", "/"));
  client.accepted();
  CHECK(client.challenge({R"(Digest realm="c", nonce="3", qop="auth")"}));
  CHECK(client.authorization("GET", "/"));
  CHECK(!client.challenge(challenge));
}

TEST_CASE("without credentials a challenge says that they are needed") {
  AuthClient client({}, true);
  const auto result = client.challenge({R"(Digest realm="c", nonce="1")"});
  REQUIRE(!result);
  CHECK(result.error().message == "credentials are needed");
}

TEST_CASE("Basic is checked as one string") {
  const AuthServer server("r", {}, true);
  CHECK(server.challenges() == std::vector<std::string>{"Basic realm=\"r\""});
  CHECK(server.check("Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl", "GET", "/", kMufasa) == AuthServer::Verdict::kOk);
  CHECK(server.check("basic  TXVmYXNhOkNpcmNsZSBvZiBMaWZl", "GET", "/", kMufasa) == AuthServer::Verdict::kOk);
  CHECK(server.check("Basic TXVm", "GET", "/", kMufasa) == AuthServer::Verdict::kRefused);
  CHECK(server.check("Basic", "GET", "/", kMufasa) == AuthServer::Verdict::kRefused);
}
