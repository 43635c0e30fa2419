#include "libonvif/discovery/message.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "libonvif/discovery/xml.h"

using namespace camctl;
using namespace camctl::onvif::discovery;
using Kind = Announcement::Kind;

namespace {

// A ProbeMatches message with `inner` as its one match.
std::string matches(const std::string& inner) {
  return R"(<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof">
<s:Header><a:MessageID>uuid:1</a:MessageID><a:RelatesTo>uuid:2</a:RelatesTo>
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header>
<s:Body><d:ProbeMatches><d:ProbeMatch>)" +
         inner + "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>";
}

const std::string kEndpoint =
    "<a:EndpointReference><a:Address>urn:uuid:3fa1fe68-b915-4053-a3e1-ac15c58bf2b2</a:Address></"
    "a:EndpointReference>";
const std::string kXAddr = "<d:XAddrs>http://192.168.1.5/onvif/device_service</d:XAddrs>";

}  // namespace

TEST_CASE("a probe is typed by one name, or has no Types at all (quirks 1 to 5)") {
  const std::string transmitter = probe_message(ProbeKind::kTransmitter, "urn:uuid:x");
  const std::string device = probe_message(ProbeKind::kDevice, "urn:uuid:x");
  const std::string untyped = probe_message(ProbeKind::kUntyped, "urn:uuid:x");
  CHECK(transmitter.find(">dn:NetworkVideoTransmitter</d:Types>") != std::string::npos);
  CHECK(device.find(">tds:Device</d:Types>") != std::string::npos);
  CHECK(untyped.find("Types") == std::string::npos);
  for (const std::string& message : {transmitter, device, untyped}) {
    pugi::xml_document document;
    CHECK(document.load_string(message.c_str()));
    CHECK(parse_announcements(message).empty());  // our own probe is no answer
  }
}

TEST_CASE("message ids are version 4 UUIDs and differ") {
  const std::string id = new_message_id();
  REQUIRE(id.size() == 45);
  CHECK(id.starts_with("urn:uuid:"));
  CHECK(id[23] == '4');
  CHECK(std::string("89ab").find(id[28]) != std::string::npos);
  CHECK(id != new_message_id());
}

TEST_CASE("answers in the forms that devices send") {
  struct Case {
    const char* name;
    std::string datagram;
    Kind kind;
    std::string endpoint;
    std::size_t types, scopes, xaddrs;
    bool onvif;
  };
  const std::string uuid = "urn:uuid:3fa1fe68-b915-4053-a3e1-ac15c58bf2b2";
  const std::vector<Case> cases = {
      {"as the standard says", matches(kEndpoint + "<d:Types>dn:NetworkVideoTransmitter</d:Types>" + kXAddr),
       Kind::kMatch, uuid, 1, 0, 1, true},
      {"quirk 2: tds:Device only", matches(kEndpoint + "<d:Types>tds:Device</d:Types>" + kXAddr),
       Kind::kMatch, uuid, 1, 0, 1, true},
      {"quirk 5: an empty Types element", matches(kEndpoint + "<d:Types xmlns:dn='x'></d:Types>" + kXAddr),
       Kind::kMatch, uuid, 0, 0, 1, false},
      {"quirk 6: a fault",
       "<e:Envelope "
       "xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><e:Fault><e:Code><e:Value>e:Sender</"
       "e:Value>"
       "</e:Code><e:Reason><e:Text>MatchingRuleNotSupported</e:Text></e:Reason></e:Fault></e:Body></"
       "e:Envelope>",
       Kind::kFault, "", 0, 0, 0, false},
      {"quirk 7: no ProbeMatches around it, EndpointReference in the discovery namespace",
       "<Envelope><Body><d:ProbeMatch xmlns:d='http://schemas.xmlsoap.org/ws/2005/04/discovery'>"
       "<d:EndpointReference><d:Address>" +
           uuid +
           "</d:Address></d:EndpointReference>"
           "<d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>http://10.0.0.9:8080/onvif/"
           "device_service</d:XAddrs>"
           "</d:ProbeMatch></Body></Envelope>",
       Kind::kMatch, uuid, 1, 0, 1, true},
      {"quirk 7: no wrapper at all",
       "<Envelope><Body><Types>dn:NetworkVideoTransmitter</Types>" + kXAddr + "</Body></Envelope>",
       Kind::kMatch, "", 1, 0, 1, true},
      {"quirk 8: the probe's MessageID, RelatesTo missing",
       "<e:Envelope "
       "xmlns:e='e'><e:Header><w:MessageID>urn:uuid:ours</w:MessageID></e:Header><e:Body><d:ProbeMatches>"
       "<d:ProbeMatch>" +
           kEndpoint + kXAddr +
           "<d:Scopes>onvif://www.onvif.org/name/X</d:Scopes></d:ProbeMatch>"
           "</d:ProbeMatches></e:Body></e:Envelope>",
       Kind::kMatch, uuid, 0, 1, 1, true},
      {"quirk 9: undeclared prefixes and stripped xmlns",
       "<SOAP-ENV:Envelope><SOAP-ENV:Body><wsdd:ProbeMatches><wsdd:ProbeMatch><wsa:EndpointReference><wsa:"
       "Address>" +
           uuid +
           "</wsa:Address></wsa:EndpointReference><wsdd:Types>tdn:NetworkVideoTransmitter</wsdd:Types>"
           "<wsdd:XAddrs>http://1.2.3.4/x</wsdd:XAddrs></wsdd:ProbeMatch></wsdd:ProbeMatches></"
           "SOAP-ENV:Body></SOAP-ENV:Envelope>",
       Kind::kMatch, uuid, 1, 0, 1, true},
      {"quirk 10: several addresses, by spaces and newlines",
       matches(kEndpoint +
               "<d:XAddrs>\n http://169.254.1.1/a\n https://192.168.0.2/a\thttp://192.168.0.2/a </d:XAddrs>"),
       Kind::kMatch, uuid, 0, 0, 3, false},
      {"quirk 20: scopes by newlines, a space inside a name",
       matches(
           kEndpoint +
           "<d:Scopes>onvif://www.onvif.org/name/IPyCam Lab\nonvif://www.onvif.org/hardware/x</d:Scopes>" +
           kXAddr),
       Kind::kMatch, uuid, 0, 2, 1, true},
      {"quirk 21: a printer", matches(kEndpoint + "<d:Types>wsdp:Device</d:Types>" + kXAddr), Kind::kMatch,
       uuid, 1, 0, 1, false},
      {"quirk 21: a computer with a type of its own",
       matches(kEndpoint +
               "<d:Types xmlns:pub='http://schemas.microsoft.com/windows/pub/2005/07'>wsdp:Device "
               "pub:Computer</d:Types>"),
       Kind::kMatch, uuid, 2, 0, 0, false},
      {"quirk 37: junk before and after, a wrong declared encoding",
       "\r\n\xEF\xBB\xBF<?xml version='1.0' encoding='utf-16'?>" + matches(kEndpoint + kXAddr).substr(39) +
           "\0\0junk>",
       Kind::kMatch, uuid, 0, 0, 1, false},
      {"Hello",
       "<e:Envelope><e:Body><d:Hello><a:EndpointReference><a:Address>uuid:3fa1fe68-b915-4053-a3e1-"
       "ac15c58bf2b2"
       "</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Hello></e:Body></"
       "e:Envelope>",
       Kind::kHello, uuid, 1, 0, 0, true},
      {"Bye",
       "<e:Envelope><e:Body><d:Bye><a:EndpointReference><a:Address>{3fa1fe68-b915-4053-a3e1-ac15c58bf2b2}"
       "</a:Address></a:EndpointReference></d:Bye></e:Body></e:Envelope>",
       Kind::kBye, uuid, 0, 0, 0, false},
      {"a truncated answer keeps what it had",
       matches(kEndpoint + kXAddr + "<d:Scopes>onvif://www.onvif.org/na").substr(0, 1150), Kind::kMatch, uuid,
       0, 1, 1, true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const auto found = parse_announcements(c.datagram);
    REQUIRE(found.size() == 1);
    CHECK(found[0].kind == c.kind);
    CHECK(found[0].endpoint == c.endpoint);
    CHECK(found[0].types.size() == c.types);
    CHECK(found[0].scopes.size() == c.scopes);
    CHECK(found[0].xaddrs.size() == c.xaddrs);
    CHECK(found[0].onvif == c.onvif);
  }
}

TEST_CASE("what is no answer") {
  for (const std::string text :
       {"", "hello", "<", "<a", "<<<>>>", "<a/>", "M-SEARCH * HTTP/1.1\r\n\r\n", "\xff\xfe<\0a\0>\0",
        "<e:Envelope><e:Body><d:Probe><d:Types>tds:Device</d:Types></d:Probe></e:Body></e:Envelope>",
        "<e:Envelope><e:Body><d:Resolve><a:EndpointReference/></d:Resolve></e:Body></e:Envelope>"})
    CHECK(parse_announcements(text).empty());
}

TEST_CASE("hostile datagrams stay within bounds") {
  std::string deep;
  for (int i = 0; i < 8000; ++i) deep += "<a>";
  CHECK(parse_announcements(deep + kXAddr).empty());  // beyond kMaxXmlDepth
  std::string many = "<Body>";
  for (int i = 0; i < 1000; ++i) many += "<ProbeMatch><XAddrs>http://h/</XAddrs></ProbeMatch>";
  CHECK(parse_announcements(many).size() == kMaxMatches);
  std::string lists;
  for (int i = 0; i < 3000; ++i) lists += "http://h/ onvif://x/ ";
  const auto found = parse_announcements("<ProbeMatch><XAddrs>" + lists + "</XAddrs></ProbeMatch>");
  REQUIRE(found.size() == 1);
  CHECK(found[0].xaddrs.size() == kMaxXAddrs);
  const auto scopes = parse_announcements("<ProbeMatch><Scopes>" + lists + "</Scopes></ProbeMatch>");
  REQUIRE(scopes.size() == 1);
  CHECK(scopes[0].scopes.size() == kMaxScopes);
}

TEST_CASE("a message whose end is missing is known (quirk 24)") {
  const std::string whole = matches(kEndpoint + kXAddr);
  CHECK_FALSE(is_partial(whole));
  CHECK_FALSE(is_partial(whole + "\n"));
  CHECK(is_partial(whole.substr(0, whole.size() - 100)));
  CHECK(is_partial(whole.substr(0, whole.size() - 3)));
  CHECK_FALSE(is_partial("not xml at all"));
  CHECK_FALSE(is_partial(""));
}

TEST_CASE("captures of real devices") {
  const char* variable = std::getenv("CAMCTL_ONVIF_CAPTURES");
  const std::filesystem::path folder =
      std::filesystem::path(variable != nullptr ? variable : CAMCTL_SOURCE_DIR "/../shared/onvif-captures") /
      "onvif-camera-kotlin";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("left out: no captures at " << folder.string());
    return;
  }
  const auto axis = parse_announcements(*read_file(folder / "probeResponse.xml", kMaxDatagram));
  REQUIRE(axis.size() == 1);
  CHECK(axis[0].endpoint == "urn:uuid:3ea96f68-b845-4c0b-87cf-eee904c4be65");
  CHECK(axis[0].onvif);
  CHECK(axis[0].xaddrs.size() == 4);
  CHECK(axis[0].scopes.size() == 6);
  const auto lorex = parse_announcements(*read_file(folder / "probeResponse2.xml", kMaxDatagram));
  REQUIRE(lorex.size() == 1);
  CHECK(lorex[0].endpoint == "urn:uuid:2a46daf1-86f6-91ad-5458-3d184eb186f6");
  CHECK(lorex[0].types == std::vector<std::string>{"dn:NetworkVideoTransmitter", "tds:Device"});
}

TEST_CASE("quirks that the text of an answer shows") {
  const auto quirks_of = [](const std::string& header, const std::string& body) {
    const auto found = parse_announcements(
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' xmlns:d='urn:d' "
        "xmlns:a='urn:a'><e:Header>" +
        header + "</e:Header><e:Body>" + body + "</e:Body></e:Envelope>");
    REQUIRE(found.size() == 1);
    return found.front().quirks;
  };
  const std::string relates = "<a:RelatesTo>urn:uuid:1</a:RelatesTo>";
  const auto match = [](const std::string& content) {
    return "<d:ProbeMatch>" + content + "</d:ProbeMatch>";
  };
  const auto wrapped = [&](const std::string& content) {
    return "<d:ProbeMatches>" + match(content) + "</d:ProbeMatches>";
  };
  CHECK(quirks_of(relates, wrapped("<d:XAddrs>http://a/</d:XAddrs>")).empty());
  CHECK(quirks_of(relates, "<e:Fault/>") == std::set<int>{6});
  CHECK(quirks_of(relates, match("")) == std::set<int>{7});
  CHECK(quirks_of(relates, "<d:XAddrs>http://a/</d:XAddrs>") == std::set<int>{7});
  CHECK(quirks_of("", wrapped("")) == std::set<int>{8});
  CHECK(quirks_of(relates, wrapped("<x:Types>dn:NetworkVideoTransmitter</x:Types>")) == std::set<int>{9});
  for (const char* scopes :
       {"onvif://x/a\nonvif://x/b", "onvif://x/name/A B", "onvif://x/name/A onvif://x/name/B"})
    CHECK(quirks_of(relates, wrapped("<d:Scopes>" + std::string(scopes) + "</d:Scopes>")) ==
          std::set<int>{20});
  CHECK(quirks_of(relates, wrapped("<d:Scopes>\n onvif://x/name/A onvif://x/b \n</d:Scopes>")).empty());
}
