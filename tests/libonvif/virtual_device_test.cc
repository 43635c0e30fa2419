#include "libonvif/virtual_device.h"

#include <doctest/doctest.h>

#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

struct Token {
  Credentials credentials{"admin", Secret("s3cret")};
  std::chrono::seconds off{0};
  TokenForm form = TokenForm::kDefaultNamespace;
};

std::string with_token(const Token& token, std::string_view body) {
  return soap(body,
              security_header(token.credentials, "0123456789abcdef", kTestTime + token.off, token.form));
}

// The Authorization that answers the reply's challenges.
std::string answer_to(const SoapReply& reply, const Credentials& credentials,
                      std::string_view target = kDevicePath) {
  AuthClient client(credentials, false);
  std::vector<std::string> challenges;
  for (const auto& [name, value] : reply.headers)
    if (name == "WWW-Authenticate") challenges.push_back(value);
  REQUIRE(client.challenge(challenges));
  return client.authorization("POST", target).value_or("");
}

}  // namespace

TEST_CASE("virtual device: what needs no credentials") {
  for (const auto auth : {VirtualAuth::kNone, VirtualAuth::kWsse, VirtualAuth::kDigest, VirtualAuth::kBoth}) {
    VirtualDevice device(test_device(auth));
    CAPTURE(static_cast<int>(auth));
    for (const char* operation : {"GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetHostname"}) {
      CAPTURE(operation);
      CHECK(post(device, soap(tds(operation))).status == 200);
    }
    const auto reply = post(device, soap(tds("GetDeviceInformation")));
    CHECK((reply.status == 200) == (auth == VirtualAuth::kNone));
  }
}

TEST_CASE("virtual device: any credentials will do where none are demanded") {
  VirtualDevice device(test_device());
  CHECK(post(device, with_token({{"x", Secret("y")}}, tds("GetDeviceInformation"))).status == 200);
  CHECK(post(device, soap(tds("GetDeviceInformation")), "Basic eDp5").status == 200);
}

TEST_CASE("virtual device: WS-UsernameToken") {
  struct Case {
    const char* what;
    Token token;
    bool passes;
  };
  for (const auto& [what, token, passes] :
       {Case{"right", {}, true}, Case{"with prefixes", {.form = TokenForm::kPrefixed}, true},
        Case{"wrong password", {.credentials = {"admin", Secret("admin")}}, false},
        Case{"wrong user", {.credentials = {"root", Secret("s3cret")}}, false},
        Case{"empty", {.credentials = {}}, false}, Case{"4 minutes ago", {.off = -240s}, true},
        Case{"4 minutes ahead", {.off = 240s}, true}, Case{"6 minutes ago", {.off = -360s}, false},
        Case{"6 minutes ahead", {.off = 360s}, false}}) {
    CAPTURE(what);
    for (const auto auth : {VirtualAuth::kWsse, VirtualAuth::kBoth}) {
      VirtualDevice device(test_device(auth));
      const auto reply = post(device, with_token(token, tds("GetDeviceInformation")));
      CHECK(reply.status == (passes ? 200 : auth == VirtualAuth::kWsse ? 400 : 401));
      if (!passes) CHECK(Tree(reply.body).fault() == "Sender NotAuthorized");
    }
    VirtualDevice device(test_device(VirtualAuth::kDigest));
    CHECK(post(device, with_token(token, tds("GetDeviceInformation"))).status == 401);
  }
}

TEST_CASE("virtual device: a token is measured by the device's own clock") {
  auto config = test_device(VirtualAuth::kWsse);
  config.clock_skew = 2h;
  VirtualDevice device(std::move(config));
  CHECK(post(device, with_token({}, tds("GetDeviceInformation"))).status == 400);
  CHECK(post(device, with_token({.off = 2h}, tds("GetDeviceInformation"))).status == 200);
  const Tree time(post(device, soap(tds("GetSystemDateAndTime"))).body);
  CHECK(time.text("Body/GetSystemDateAndTimeResponse/SystemDateAndTime/UTCDateTime/Time/Hour") == "22");
}

TEST_CASE("virtual device: tokens that are no digests are refused") {
  VirtualDevice device(test_device(VirtualAuth::kWsse));
  const auto body = tds("GetDeviceInformation");
  const auto good = security_header({"admin", Secret("s3cret")}, "0123456789abcdef", kTestTime,
                                    TokenForm::kDefaultNamespace);
  const auto changed = [&](std::string_view from, std::string_view to) {
    auto text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return soap(body, text.replace(at, from.size(), to));
  };
  CHECK(post(device, soap(body, good)).status == 200);
  CHECK(post(device, changed("#PasswordDigest", "#PasswordText")).status == 400);
  CHECK(post(device, changed("<Nonce", "<Nonsense")).status == 400);
  CHECK(post(device, changed("<Created", "<Creative")).status == 400);
  CHECK(post(device, changed("<Username", "<Usurname")).status == 400);
}

TEST_CASE("virtual device: HTTP Digest") {
  for (const auto auth : {VirtualAuth::kDigest, VirtualAuth::kBoth}) {
    VirtualDevice device(test_device(auth));
    const auto body = soap(trt("GetProfiles"));
    const auto challenge = post(device, body);
    REQUIRE(challenge.status == 401);
    CHECK(challenge.headers.front().second.find("MD5") != std::string::npos);
    CHECK(post(device, body, answer_to(challenge, {"admin", Secret("s3cret")})).status == 200);
    CHECK(post(device, body, answer_to(challenge, {"admin", Secret("wrong")})).status == 401);
    CHECK(post(device, body, answer_to(challenge, {"root", Secret("s3cret")})).status == 401);
    CHECK(post(device, body, answer_to(challenge, {"admin", Secret("s3cret")}, kMediaPath)).status == 401);
    CHECK(post(device, body, "Basic YWRtaW46czNjcmV0").status == 401);
    CHECK(post(device, "").status == 401);  // curl's first request
  }
}

TEST_CASE("virtual device: snapshots want Digest wherever credentials are demanded") {
  const SoapRequest request{"GET", "/snapshot.jpg?profile=P1", "", "", ""};
  CHECK_FALSE(VirtualDevice(test_device()).refuse(request));
  for (const auto auth : {VirtualAuth::kWsse, VirtualAuth::kDigest, VirtualAuth::kBoth}) {
    VirtualDevice device(test_device(auth));
    const auto refusal = device.refuse(request);
    REQUIRE(refusal);
    CHECK(refusal->status == 401);
    AuthClient client({"admin", Secret("s3cret")}, false);
    REQUIRE(client.challenge({refusal->headers.front().second}));
    const auto authorization = client.authorization("GET", request.target).value_or("");
    CHECK_FALSE(device.refuse({"GET", request.target, "", authorization, ""}));
  }
}

TEST_CASE("virtual device: faults") {
  VirtualDevice device(test_device());
  struct Case {
    std::string body, fault;
  };
  for (const auto& [body, fault] :
       {Case{soap(tds("SetSystemFactoryDefault")), "Sender ActionNotSupported"},
        Case{soap("<x xmlns='urn:x'/>"), "Sender ActionNotSupported"},
        Case{soap(trt("GetStreamUri")), "Sender InvalidArgVal NoProfile"},
        Case{soap(trt("GetStreamUri", "<ProfileToken>P9</ProfileToken>")), "Sender InvalidArgVal NoProfile"},
        Case{soap(tr2("GetSnapshotUri", "<ProfileToken/>")), "Sender InvalidArgVal NoProfile"},
        Case{soap(tr2("GetProfiles", "<Token>nix</Token>")), "Sender InvalidArgVal NoProfile"},
        Case{"", "Sender WellFormed"}, Case{"<html></html>", "Sender WellFormed"},
        Case{soap(tds("GetHostname")).substr(0, 150), "Sender WellFormed"}}) {
    CAPTURE(body);
    const auto reply = post(device, body);
    CHECK(reply.status == 400);
    CHECK(Tree(reply.body).fault() == fault);
  }
}

TEST_CASE("virtual device: what is no request to a service") {
  VirtualDevice device(test_device());
  CHECK(device.handle({"GET", kDevicePath, "", "", ""}).status == 405);
  CHECK(device.handle({"POST", "/", "", "", soap(tds("GetHostname"))}).status == 404);
  CHECK(device.handle({"POST", "/onvif/device_service?x=1", "", "", soap(tds("GetHostname"))}).status == 200);
  CHECK(device.handle({"POST", kMedia2Path, "", "", soap(tds("GetHostname"))}).status == 200);  // quirk 66
  CHECK(device.handle({"", "", "", "", ""}).status == 404);
}

TEST_CASE("virtual device: the Date header is the device's") {
  auto config = test_device();
  config.clock_skew = -1h;
  VirtualDevice device(std::move(config));
  const auto reply = post(device, soap(tds("GetHostname")));
  CHECK(reply.headers.back() == std::pair<std::string, std::string>{"Date", "Sun, 22 Nov 2026 19:05:49 GMT"});
}
