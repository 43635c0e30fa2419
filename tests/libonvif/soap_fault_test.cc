#include <doctest/doctest.h>

#include "libonvif/messages.h"
#include "tests/libonvif/replies.h"

using namespace camctl::onvif;

TEST_CASE("faults of SOAP 1.2 and 1.1, well formed or not") {
  struct Case {
    std::string text, code;
    std::vector<std::string> subcodes;
    const char* reason;
  };
  for (const Case& c :
       {Case{envelope(
                 "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:InvalidArgVal</s:Value>"
                 "<s:Subcode><s:Value>ter:NoProfile</s:Value></s:Subcode></s:Subcode></s:Code><s:Reason>"
                 "<s:Text xml:lang='en'>no such profile</s:Text></s:Reason></s:Fault>"),
             "Sender",
             {"InvalidArgVal", "NoProfile"},
             "no such profile"},
        Case{"<E:Envelope><E:Body><E:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>Error "
             "401</faultstring>"
             "</E:Fault></E:Body></E:Envelope>",
             "Client",
             {},
             "Error 401"},
        Case{"<Envelope><Body><Fault><Code><Value>Receiver</Value></Code><Reason>plain</Reason></Fault></"
             "Body></Envelope>",
             "Receiver",
             {},
             "plain"},
        // ... that breaks off
        Case{
            "<e:Envelope><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code>", "Sender", {}, ""}}) {
    CAPTURE(c.text);
    const auto fault = find_fault(c.text);
    REQUIRE(fault);
    CHECK(fault->code == c.code);
    CHECK(fault->subcodes == c.subcodes);
    CHECK(fault->reason == c.reason);
    CHECK_FALSE(fault->to_string().empty());
  }
}

TEST_CASE("what is no fault") {
  for (const std::string& text :
       {std::string(), std::string("Fault"), std::string("<html>Fault</html>"),
        envelope("<tds:GetHostnameResponse>DefaultFault</tds:GetHostnameResponse>")}) {
    CAPTURE(text);
    CHECK_FALSE(find_fault(text));
  }
}

TEST_CASE("refusals are told by code or by words (quirk 58)") {
  CHECK(is_auth_fault({"Sender", {"NotAuthorized"}, ""}));
  CHECK(is_auth_fault({"FailedAuthentication", {}, ""}));
  CHECK(is_auth_fault({"Sender", {}, "Sender not Authorized"}));
  CHECK(is_auth_fault({"Sender", {}, "Wrong password; You still have 22 attempt(s)"}));
  CHECK_FALSE(is_auth_fault({"Sender", {"InvalidArgVal", "NoProfile"}, "no such profile"}));
  CHECK_FALSE(is_auth_fault({"Receiver", {"ActionNotSupported"}, ""}));
}
