#include <doctest/doctest.h>
#include <soapH.h>
#include <soapMedia2BindingService.h>

#include "libonvif/soap/server.h"

using namespace camctl::onvif;

namespace {

class Media2Service : public Media2BindingService {
 public:
  using Media2BindingService::Media2BindingService;
  Media2BindingService* copy() override { return new Media2Service(*this); }
  int GetProfiles(_tr2__GetProfiles* request, _tr2__GetProfilesResponse& reply) override {
    auto* profile = soap_new_tr2__MediaProfile(soap);
    profile->token = request && !request->Type.empty() ? request->Type.front() : "none";
    profile->Name = "Café <1>";
    reply.Profiles.push_back(profile);
    return SOAP_OK;
  }
  int GetStreamUri(_tr2__GetStreamUri*, _tr2__GetStreamUriResponse&) override { return SOAP_FATAL_ERROR; }
  int GetSnapshotUri(_tr2__GetSnapshotUri*, _tr2__GetSnapshotUriResponse& reply) override {
    reply.Uri = "http://x/?a=1&b=2";
    return SOAP_OK;
  }
  int GetVideoEncoderConfigurations(_tr2__GetVideoEncoderConfigurations*,
                                    _tr2__GetVideoEncoderConfigurationsResponse&) override {
    return SOAP_OK;
  }
  int SetVideoEncoderConfiguration(_tr2__SetVideoEncoderConfiguration*,
                                   _tr2__SetVideoEncoderConfigurationResponse&) override {
    return SOAP_OK;
  }
  int GetVideoEncoderConfigurationOptions(_tr2__GetVideoEncoderConfigurationOptions*,
                                          _tr2__GetVideoEncoderConfigurationOptionsResponse&) override {
    return SOAP_OK;
  }
};

std::string request(const std::string& body, const std::string& header = "") {
  return R"(<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header>)" + header +
         "</e:Header><e:Body>" + body + "</e:Body></e:Envelope>";
}

int answer(SoapContext& context) {
  Media2Service media(context.get());
  return dispatch(context, {[] { return SOAP_NO_METHOD; }, [&] { return media.dispatch(); }});
}

}  // namespace

TEST_CASE("a request is read, dispatched and answered in memory") {
  SoapContext context;
  for (int round = 0; round < 2; ++round) {  // a context can be used again
    const std::string text = request(
        R"(<x:GetProfiles xmlns:x="http://www.onvif.org/ver20/media/wsdl"><x:Unknown/><x:Type>All</x:Type></x:GetProfiles>)");
    REQUIRE(open_envelope(context, text));
    CHECK(body_element(context) == "tr2:GetProfiles");
    CHECK_FALSE(username_token(context));
    REQUIRE(answer(context) == SOAP_OK);
    const std::string reply = context.take();
    CHECK(reply.starts_with("<?xml"));
    CHECK(reply.find("<tr2:Name>Café &lt;1&gt;</tr2:Name>") != std::string::npos);
    CHECK(reply.find("token=\"All\"") != std::string::npos);
    CHECK(reply.find("http://www.w3.org/2003/05/soap-envelope") != std::string::npos);
  }
}

TEST_CASE("operations of no service are told from failing ones") {
  SoapContext context;
  const std::string unknown = request(R"(<x:Reboot xmlns:x="urn:x"/>)");
  REQUIRE(open_envelope(context, unknown));
  CHECK(answer(context) == SOAP_NO_METHOD);
  const std::string failing = request(R"(<GetStreamUri xmlns="http://www.onvif.org/ver20/media/wsdl"/>)");
  REQUIRE(open_envelope(context, failing));
  CHECK(answer(context) == SOAP_FATAL_ERROR);
}

TEST_CASE("what is no SOAP request is refused with a reason") {
  SoapContext context;
  for (const char* text : {"", "<", "hello", "<html/>", "<a><b></a>", "<e:Envelope/>"}) {
    CAPTURE(text);
    CHECK_FALSE(open_envelope(context, text));
    CHECK_FALSE(context.error_text().empty());
  }
}

TEST_CASE("the UsernameToken of a header is given as sent") {
  const std::string secext =
      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
  const std::string utility =
      "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
  const std::string text = request(
      R"(<GetProfiles xmlns="http://www.onvif.org/ver20/media/wsdl"/>)",
      R"(<Security e:mustUnderstand="1" xmlns=")" + secext +
          R"("><UsernameToken><Username>admin</Username><Password Type="x#PasswordDigest">ZGln</Password>)"
          R"(<Nonce>bm9uY2U=</Nonce><Created xmlns=")" +
          utility + R"(">2026-01-01T00:00:00Z</Created></UsernameToken></Security>)");
  SoapContext context;
  REQUIRE(open_envelope(context, text));
  const auto token = username_token(context);
  REQUIRE(token);
  CHECK(token->username == "admin");
  CHECK(token->password == "ZGln");
  CHECK(token->password_type == "x#PasswordDigest");
  CHECK(token->nonce_base64 == "bm9uY2U=");
  CHECK(token->created == "2026-01-01T00:00:00Z");
}

TEST_CASE("a fault carries its subcodes and escaped reason") {
  const std::string text =
      write_fault({Blame::kSender, "ter:InvalidArgVal", "ter:NoProfile", "no <such> profile"});
  CHECK(text.find("s:Sender") != std::string::npos);
  CHECK(text.find(
            "<s:Subcode><s:Value>ter:InvalidArgVal</s:Value><s:Subcode><s:Value>ter:NoProfile</s:Value>") !=
        std::string::npos);
  CHECK(text.find("no &lt;such&gt; profile") != std::string::npos);
}
