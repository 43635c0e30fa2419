#include <doctest/doctest.h>

#include "libonvif/soap/repair.h"
#include "tests/libonvif/replies.h"

using namespace camctl::onvif;

namespace {

const ExpectedReply kServices{"tds", "GetServicesResponse"};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("what surrounds the envelope is cut off") {
  CHECK(cut_to_envelope("\xEF\xBB\xBF\n<?xml?><e:Envelope a='1'>x</e:Envelope>junk") ==
        "<e:Envelope a='1'>x</e:Envelope>");
  CHECK(cut_to_envelope("<Envelope>\x01</Envelope>") == "<Envelope> </Envelope>");
  CHECK(cut_to_envelope("no such thing") == "no such thing");
  CHECK(cut_to_envelope("") == "");
  CHECK(cut_to_envelope("Envelope>") == "Envelope>");
}

TEST_CASE("every name gets the namespace of its place") {
  Quirks quirks;
  const auto repaired = repair_reply(
      "<a:Envelope><a:Body><b:GetServicesResponse xmlns:b='urn:wrong' "
      "xsi:type='q'>stray<Service><q:Namespace>n"
      "</q:Namespace><XAddr>x &amp; "
      "y</XAddr><Version><Major>1</Major></Version></Service></b:GetServicesResponse>"
      "</a:Body></a:Envelope>",
      kServices, quirks);
  REQUIRE(repaired);
  CHECK(contains(*repaired, "<tds:GetServicesResponse><tds:Service><tds:Namespace>n</tds:Namespace>"));
  CHECK(contains(*repaired, "<tds:XAddr>x &amp; y</tds:XAddr>"));
  CHECK(contains(*repaired, "<tds:Version><tt:Major>1</tt:Major>"));
  CHECK_FALSE(contains(*repaired, "urn:wrong"));
  CHECK_FALSE(contains(*repaired, "stray"));
  CHECK_FALSE(contains(*repaired, "xsi:type"));
}

TEST_CASE("attributes lose prefixes, Media 2 keeps its own types") {
  Quirks quirks;
  const auto repaired = repair_reply(
      "<Envelope><Body><GetProfilesResponse><Profiles "
      "tt:token='1'><Name>n</Name><Configurations><VideoEncoder "
      "GovLength='5'><Encoding>H264</Encoding></VideoEncoder></Configurations></Profiles></"
      "GetProfilesResponse></Body>"
      "</Envelope>",
      {"tr2", "GetProfilesResponse"}, quirks);
  REQUIRE(repaired);
  CHECK(contains(*repaired, "<tr2:Profiles token=\"1\"><tr2:Name>"));
  CHECK(contains(*repaired, "<tr2:VideoEncoder GovLength=\"5\"><tt:Encoding>"));
}

TEST_CASE("a reply without Body, in a wrong encoding or with raw ampersands") {
  Quirks quirks;
  CHECK(repair_reply("<Envelope><GetServicesResponse><Service/></GetServicesResponse></Envelope>", kServices,
                     quirks));
  CHECK(
      repair_reply("<?xml version='1.0' encoding='utf-16'?><Envelope><Body><GetServicesResponse>\xE9 & x"
                   "</GetServicesResponse></Body></Envelope>",
                   kServices, quirks));
}

TEST_CASE("what cannot be repaired") {
  Quirks quirks;
  for (const char* text : {"", "<Envelope>", "<Envelope><Body><GetServicesResponse></Body></Envelope>",
                           "<Envelope><Body><Other/></Body></Envelope>", "<html/>"}) {
    CAPTURE(text);
    CHECK_FALSE(repair_reply(text, kServices, quirks));
  }
}

TEST_CASE("elements nested without end are dropped, not followed") {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  for (int i = 0; i < 5000; ++i) deep += "</a>";
  Quirks quirks;
  const auto repaired = repair_reply(
      "<Envelope><Body><GetServicesResponse>" + deep + "</GetServicesResponse></Body></Envelope>", kServices,
      quirks);
  REQUIRE(repaired);
  CHECK(repaired->size() < 3000);
}

TEST_CASE("a reply that is too large for a tree is cut, not read") {
  std::string broad = "<Envelope><Body>";
  for (std::size_t i = 0; i < kMaxTreeTags; ++i) broad += "<a/>";
  CHECK(cut_to_envelope(broad + "</Body></Envelope>").size() < broad.size());
  const std::string long_text = "<Envelope>" + std::string(kMaxTreeBytes, 'x') + "</Envelope>";
  CHECK(cut_to_envelope(long_text).size() == kMaxTreeBytes);
}
