#include "libonvif/virtual_device_discovery.h"

#include <doctest/doctest.h>

#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl::onvif;

namespace {

std::string message(const std::string& body, const std::string& id = "uuid:1") {
  return R"(<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><e:Header><w:MessageID>)" +
         id + "</w:MessageID></e:Header><e:Body>" + body + "</e:Body></e:Envelope>";
}
std::string probe(const std::string& content) { return message("<d:Probe>" + content + "</d:Probe>"); }

}  // namespace

TEST_CASE("discovery: which probes are answered") {
  struct Case {
    const char* content;
    bool answered;
  };
  const VirtualDevice device(test_device());
  for (
      const auto& [content, answered] : {
          Case{"", true},
          Case{"<d:Types/>", true},
          Case{"<d:Types> \n </d:Types>", true},
          Case{"<d:Types>dn:NetworkVideoTransmitter</d:Types>", true},
          Case{"<d:Types>tds:Device</d:Types>", true},
          Case{"<d:Types>dn:NetworkVideoTransmitter\n tds:Device</d:Types>", true},
          Case{
              R"(<d:Types xmlns:q="http://www.onvif.org/ver10/network/wsdl">q:NetworkVideoTransmitter</d:Types>)",
              true},
          Case{"<d:Types>zz:NetworkVideoTransmitter</d:Types>", true},  // undeclared: taken by its name
          Case{"<d:Types>w:NetworkVideoTransmitter</d:Types>", false},  // declared as something else
          Case{"<d:Types>tds:NetworkVideoTransmitter</d:Types>", false},
          Case{"<d:Types>dn:NetworkVideoDisplay</d:Types>", false},
          Case{"<d:Types>dn:NetworkVideoTransmitter dn:NetworkVideoDisplay</d:Types>", false},
          Case{"<d:Scopes>onvif://www.onvif.org/</d:Scopes>", true},
          Case{"<d:Scopes>ONVIF://WWW.onvif.org/name</d:Scopes>", true},
          Case{"<d:Scopes>onvif://www.onvif.org/NAME</d:Scopes>", false},
          Case{"<d:Scopes>onvif://www.onvif.org/name/Front%20door</d:Scopes>", true},
          Case{"<d:Scopes>onvif://www.onvif.org/nam</d:Scopes>", false},
          Case{"<d:Scopes>onvif://www.onvif.org/type onvif://www.onvif.org/location/x</d:Scopes>", false},
          Case{
              R"(<d:Scopes MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0">onvif://www.onvif.org/Profile/T</d:Scopes>)",
              true},
          Case{
              R"(<d:Scopes MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0">onvif://www.onvif.org/Profile</d:Scopes>)",
              false},
          Case{R"(<d:Scopes MatchBy="urn:other">onvif://www.onvif.org/Profile</d:Scopes>)", false},
      }) {
    CAPTURE(content);
    CHECK(device.probe_matches(probe(content)).empty() == !answered);
  }
}

TEST_CASE("discovery: what a match says") {
  auto config = test_device();
  config.name = "A & B";
  const VirtualDevice device(config);
  const auto text = device.probe_matches(probe(""));
  const Tree reply(text);
  CHECK(reply.text("Header/RelatesTo") == "uuid:1");
  CHECK(reply.text("Header/Action") == "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches");
  CHECK(reply.text("Header/MessageID").starts_with("urn:uuid:"));
  CHECK(reply.text("Body/ProbeMatches/ProbeMatch/EndpointReference/Address") == config.endpoint);
  CHECK(reply.text("Body/ProbeMatches/ProbeMatch/XAddrs") == "http://127.0.0.2:8000/onvif/device_service");
  CHECK(reply.text("Body/ProbeMatches/ProbeMatch/Scopes").find("name/A%20%26%20B") != std::string::npos);
  CHECK(text != device.probe_matches(probe("")));  // ids and numbers of their own
}

TEST_CASE("discovery: Resolve, Hello and Bye") {
  const VirtualDevice device(test_device());
  const auto resolve = [&](const std::string& endpoint) {
    return device.probe_matches(message("<d:Resolve><w:EndpointReference><w:Address> " + endpoint +
                                        " </w:Address></w:EndpointReference></d:Resolve>"));
  };
  CHECK(Tree(resolve(test_device().endpoint)).node("Body/ResolveMatches/ResolveMatch/XAddrs"));
  CHECK(resolve("urn:uuid:0").empty());
  CHECK(Tree(device.hello()).node("Body/Hello/XAddrs"));
  CHECK(Tree(device.bye()).text("Body/Bye/EndpointReference/Address") == test_device().endpoint);
}

TEST_CASE("discovery: what is no query") {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("<a/>"), message(""), message("<d:Hello/>"),
        probe("").substr(0, 300), probe(std::string(kMaxQueryBytes, ' '))}) {
    CAPTURE(text.substr(0, 100));
    CHECK_FALSE(parse_discovery_query(text));
  }
}

TEST_CASE("discovery: a query with too many parts is for nobody") {
  std::string types;
  for (std::size_t i = 0; i < kMaxQueryItems + 1; ++i) types += " tds:Device";
  const VirtualDevice device(test_device());
  CHECK(device.probe_matches(probe("<d:Types>" + types + "</d:Types>")).empty());
}
