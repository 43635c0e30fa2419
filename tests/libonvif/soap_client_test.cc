// The dialects and schemes of devices, each played by a small function.
#include "libonvif/soap_client.h"

#include <doctest/doctest.h>

#include "tests/libonvif/replies.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

const Credentials kUser{"admin", Secret{"secret"}};

HttpReply reply(int status, std::string body) {
  HttpReply r;
  r.status = status;
  r.body = std::move(body);
  return r;
}

HttpReply fault(int status, const char* code, const char* reason) {
  return reply(status,
               envelope(std::string("<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>") +
                        code + "</s:Value></s:Subcode></s:Code><s:Reason><s:Text>" + reason +
                        "</s:Text></s:Reason></s:Fault>"));
}

const std::string kGood = envelope("<tds:GetDeviceInformationResponse/>");
HttpReply good() { return reply(200, kGood); }

bool has_token(const HttpRequest& request) { return request.body.find("UsernameToken") != request.body.npos; }
bool has_authorization(const HttpRequest& request) {
  for (const auto& line : request.headers)
    if (line.starts_with("Authorization:")) return true;
  return false;
}

// A device that answers by a function, and remembers what came.
struct Device {
  std::function<HttpReply(const Url&, const HttpRequest&)> answer;
  std::vector<std::string> content_types = {}, urls = {};
  int tokens = 0;

  SoapClient client(Credentials credentials = kUser) {
    return SoapClient(
        [this](const Url& url, const HttpRequest& request) -> Result<HttpReply> {
          content_types.push_back(request.content_type);
          urls.push_back(url.to_string());
          if (has_token(request) || has_authorization(request)) ++tokens;
          return answer(url, request);
        },
        std::move(credentials));
  }
};

const Url kService = *Url::parse("http://10.0.0.5:8000/onvif/device_service");
const Request kAsk = get_device_information();

bool has(const SoapClient& client, int quirk) { return client.quirks().contains(quirk); }

}  // namespace

TEST_CASE("the usual request, byte for byte where devices are picky (quirks 30, 32)") {
  Device device{[](const Url&, const HttpRequest&) { return good(); }};
  auto client = device.client();
  const auto answer = client.call(kService, kAsk);
  REQUIRE(answer);
  CHECK(*answer == kGood);
  CHECK(device.content_types.at(0) ==
        "application/soap+xml; charset=utf-8; "
        "action=\"http://www.onvif.org/ver10/device/wsdl/GetDeviceInformation\"");
  CHECK(device.tokens == 0);
  CHECK(client.scheme_name() == "none");
}

TEST_CASE("a device that wants SOAP 1.1 says nothing at first (quirk 29)") {
  Device device{[](const Url&, const HttpRequest& request) {
    return request.content_type.starts_with("text/xml") ? good() : reply(200, "");
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  REQUIRE(client.call(kService, kAsk));
  CHECK(device.content_types.size() == 3);  // remembered
  CHECK(device.content_types.back() == "text/xml; charset=utf-8");
  CHECK(has(client, 29));
}

TEST_CASE("a device that takes no action parameter (quirk 31)") {
  Device device{[](const Url&, const HttpRequest& request) {
    return request.content_type.find("action=") == std::string::npos
               ? good()
               : fault(500, "wsa:ActionNotSupported", "The [action] cannot be processed at the receiver");
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  CHECK(has(client, 31));
}

TEST_CASE("the body decides, not the status (quirks 26 to 28)") {
  for (const int status : {200, 202, 400, 500}) {
    Device device{[&](const Url&, const HttpRequest&) { return reply(status, kGood); }};
    CHECK(device.client().call(kService, kAsk));
  }
  for (const int status : {200, 400, 401, 500}) {
    Device device{[&](const Url&, const HttpRequest&) { return fault(status, "ter:NotAuthorized", "no"); }};
    const auto answer = device.client({}).call(kService, kAsk);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::kAuth);
  }
  struct Case {
    int status;
    ErrorCode code;
  };
  for (const Case& c :
       {Case{404, ErrorCode::kUnsupported}, Case{405, ErrorCode::kUnsupported},
        Case{500, ErrorCode::kProtocol}, Case{401, ErrorCode::kAuth}, Case{403, ErrorCode::kAuth}}) {
    Device device{[&](const Url&, const HttpRequest&) { return reply(c.status, "<html>no</html>"); }};
    CHECK(device.client({}).call(kService, kAsk).error().code == c.code);
  }
  Device lacking{
      [](const Url&, const HttpRequest&) { return fault(500, "ter:ActionNotSupported", "Optional"); }};
  CHECK(lacking.client().call(kService, kAsk).error().code == ErrorCode::kUnsupported);
}

TEST_CASE("redirects are followed to the same host only (quirk 41)") {
  Device device{[](const Url& url, const HttpRequest&) {
    if (url.scheme == "https") return good();
    auto moved = reply(301, "");
    moved.location = "https://10.0.0.5/onvif/device_service";
    return moved;
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  REQUIRE(client.call(kService, kAsk));
  CHECK(device.urls == std::vector<std::string>{"http://10.0.0.5:8000/onvif/device_service",
                                                "https://10.0.0.5/onvif/device_service",
                                                "https://10.0.0.5/onvif/device_service"});
  CHECK(has(client, 41));

  Device away{[](const Url&, const HttpRequest&) {
    auto moved = reply(307, "");
    moved.location = "http://evil.example/";
    return moved;
  }};
  CHECK_FALSE(away.client().call(kService, kAsk));
  CHECK(away.urls.size() == 1);

  Device loop{[](const Url&, const HttpRequest&) {
    auto moved = reply(302, "");
    moved.location = "/again";
    return moved;
  }};
  CHECK_FALSE(loop.client().call(kService, kAsk));
  CHECK(loop.urls.size() < 6);
}

TEST_CASE("a token is sent only once it is asked for, then always") {
  Device device{[](const Url&, const HttpRequest& request) {
    return has_token(request) ? good() : fault(400, "ter:NotAuthorized", "Sender not authorized");
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  CHECK(client.scheme_name() == "wsse");
  CHECK(device.tokens == 1);
  REQUIRE(client.call(kService, kAsk));
  CHECK(device.urls.size() == 3);
  CHECK_FALSE(client.call_openly(kService, kAsk));
  CHECK(device.tokens == 2);
}

TEST_CASE("a device that wants the prefixed form (quirk 53)") {
  Device device{[](const Url&, const HttpRequest& request) {
    return request.body.find("<wsse:Security") != request.body.npos ? good()
                                                                    : fault(400, "ter:NotAuthorized", "no");
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  CHECK(has(client, 53));
  CHECK(device.tokens == 2);
}

TEST_CASE("a device whose reported clock is not the one it checks (quirk 46)") {
  const auto now_year = format_created(std::chrono::system_clock::now()).substr(0, 4);
  Device device{[&](const Url&, const HttpRequest& request) {
    const auto created = request.body.find(">" + now_year + "-");
    return created != request.body.npos ? good() : fault(400, "ter:NotAuthorized", "no");
  }};
  auto client = device.client();
  client.set_clock_offset(-std::chrono::hours{24 * 365 * 20});
  REQUIRE(client.call(kService, kAsk));
  CHECK(client.clock_offset() == 0ms);
  CHECK(has(client, 46));
}

TEST_CASE("Digest and token together") {
  Device device{[](const Url&, const HttpRequest& request) {
    if (!has_authorization(request)) {
      auto asked = reply(401, "");
      asked.www_authenticate = {R"(Digest realm="r", nonce="n", qop="auth")"};
      return asked;
    }
    return has_token(request) ? good() : fault(400, "ter:NotAuthorized", "no");
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  CHECK(client.scheme_name() == "digest/md5+wsse");
}

TEST_CASE("each service gets its own challenge (quirk 51)") {
  Device device{[](const Url& url, const HttpRequest& request) {
    for (const auto& line : request.headers)
      if (line.find("nonce=\"" + url.target + "\"") != line.npos) return good();
    auto asked = reply(401, "");
    asked.www_authenticate = {"Digest realm=\"r\", nonce=\"" + url.target + "\""};
    return asked;
  }};
  auto client = device.client();
  REQUIRE(client.call(kService, kAsk));
  const auto media = *Url::parse("http://10.0.0.5:8000/onvif/media");
  REQUIRE(client.call(media, kAsk));
  REQUIRE(client.call(media, kAsk));
  CHECK(client.scheme_name() == "digest/md5");
}

TEST_CASE("a device that counts attempts is left alone at once (quirk 57)") {
  Device device{[](const Url&, const HttpRequest&) {
    return fault(400, "ter:NotAuthorized", "You still have 4 attempt(s)");
  }};
  auto client = device.client();
  const auto answer = client.call(kService, kAsk);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("4 attempt(s)") != std::string::npos);
  CHECK(device.tokens == 1);
  CHECK(client.refused());
  const auto asked = device.urls.size();
  CHECK(client.call(kService, kAsk).error().code == ErrorCode::kAuth);
  CHECK(device.urls.size() == asked);
}

TEST_CASE("never more refused attempts than a lock-out bears") {
  // The clock lies, the Date header lies otherwise, every form is refused.
  Device device{[](const Url&, const HttpRequest&) {
    auto refused = fault(400, "ter:NotAuthorized", "no");
    refused.date = "Thu, 01 Jan 2015 00:00:00 GMT";
    return refused;
  }};
  auto client = device.client();
  client.set_clock_offset(std::chrono::hours{1000});
  CHECK_FALSE(client.call(kService, kAsk));
  CHECK(device.tokens <= SoapClient::kMaxRefusals);

  // Accepted once, then refused for each operation: a user without the role.
  int allowed = 1;
  Device partial{[&](const Url&, const HttpRequest& request) {
    return has_token(request) && allowed-- > 0 ? good() : fault(400, "ter:NotAuthorized", "role too low");
  }};
  auto limited = partial.client();
  REQUIRE(limited.call(kService, kAsk));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(limited.call(kService, kAsk));
  CHECK(partial.tokens <= 1 + SoapClient::kMaxRefusals);
}

TEST_CASE("the Date header gives an offset (quirk 45)") {
  Device device{[](const Url&, const HttpRequest&) {
    auto dated = good();
    dated.date = "Thu, 01 Jan 1970 00:00:00 GMT";
    return dated;
  }};
  auto client = device.client();
  CHECK_FALSE(client.date_header_offset());
  REQUIRE(client.call_openly(kService, kAsk));
  REQUIRE(client.date_header_offset());
  CHECK(*client.date_header_offset() < -std::chrono::hours{24 * 365 * 50});
}
