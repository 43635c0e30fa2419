#include "libonvif/virtual_device_quirks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/url.h"
#include "libonvif/soap/xml_text.h"

namespace camctl::onvif {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Takes out the first `open`…`close`, both included.
void cut(std::string& text, std::string_view open, std::string_view close) {
  const auto begin = text.find(open);
  const auto end = begin == std::string::npos ? begin : text.find(close, begin);
  if (end != std::string::npos) text.erase(begin, end + close.size() - begin);
}

bool asks_for(const DiscoveryQuery& query, std::string_view type) {
  return std::any_of(query.types.begin(), query.types.end(),
                     [&](const QName& name) { return name.local == type; });
}

// Quirk 6: it understands SOAP, but no probe.
std::string probe_fault(const DiscoveryQuery& query) {
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header><a:RelatesTo>{}</a:RelatesTo></s:Header><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>d:MatchingRuleNotSupported</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">xml format error</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>)",
      escape_xml(query.message_id));
}

// Quirk 7, as ipycam 1.3.0 writes it.
void unwrap_match(std::string& text) {
  for (const std::string_view tag : {"<d:ProbeMatches>", "</d:ProbeMatches>"}) replace_all(text, tag, "");
  cut(text, "<a:Action>", "</a:Action>");
  for (const std::string_view name : {"EndpointReference", "Address"})
    for (const std::string_view bracket : {"<", "</"})
      replace_all(text, fmt::format("{}a:{}>", bracket, name), fmt::format("{}d:{}>", bracket, name));
}

// Quirk 8: the probe's MessageID is the answer's own, and nothing tells what it relates to.
void borrow_message_id(std::string& text, const DiscoveryQuery& query) {
  cut(text, "<a:RelatesTo>", "</a:RelatesTo>");
  cut(text, "<a:MessageID>", "</a:MessageID>");
  replace_all(text, "<s:Header>",
              fmt::format("<s:Header><a:MessageID>{}</a:MessageID>", escape_xml(query.message_id)));
}

}  // namespace

const std::vector<VirtualQuirk>& virtual_quirks() {
  static const std::vector<VirtualQuirk> quirks = {
      {1, "answers probes for dn:NetworkVideoTransmitter only"},
      {2, "answers no probe for dn:NetworkVideoTransmitter"},
      {3, "answers no probe without types"},
      {4, "answers only types with the prefix dn or tds, declared on the Envelope"},
      {5, "an empty Types element silences it for good"},
      {6, "answers probes with a SOAP fault"},
      {7, "ProbeMatch without ProbeMatches and Action, elements in wrong namespaces"},
      {8, "takes the probe's MessageID as its own, no RelatesTo"},
      {9, "prefixes that are declared nowhere"},
      {10, "several XAddrs on lines of their own: link-local and https first"},
      {11, "XAddrs with an IPv6 link-local address without zone"},
      {12, "XAddrs and stream URIs with the host 0.0.0.0"},
      {14, "does not hear the first three probes, answers half a second late"},
      {17, "answers three times"},
      {18, "all cameras have one endpoint"},
      {19, "a new endpoint at each start"},
      {20, "scopes on lines of their own, with spaces inside, the name twice"},
      {21, "announces itself with a printer's types and no ONVIF scope"},
      {22, "answers no probe that has scopes"},
      {23, "answers no multicast"},
      {24, "answers in two datagrams"},
      {25, "its device service is at /onvif/services only"},
      {26, "text/html as the type of SOAP replies"},
      {27, "faults with HTTP 200"},
      {28, "an HTML page in place of an authentication fault"},
      {35, "elements in wrong namespaces"},
      {36, "prefixes of its own, and prefixes that are declared nowhere"},
      {37, "broken XML around a sound envelope"},
      {38, "sends the request's Security header back"},
      {39, "values and elements outside the schema"},
      {86, "says that it has no pull points, and has them"},
      {87, "tells subscriptions apart by a reference parameter"},
      {88, "names a host for subscriptions that leads nowhere"},
      {89, "can't renew subscriptions"},
      {90, "impossible times in events"},
      {91, "events with WS-Addressing only, Stop without it only"},
      {92, "does not list its event service"},
      {93, "refuses a Timeout of ContinuousMove, and Stop"},
      {94, "can't zoom, and refuses to be told to"},
  };
  return quirks;
}

bool leaves_unanswered(const DiscoveryQuery& query, bool multicast, const std::set<int>& quirks) {
  if (multicast && quirks.contains(23)) return true;
  if (query.kind != DiscoveryQuery::Kind::kProbe) return false;
  const bool transmitter = asks_for(query, "NetworkVideoTransmitter"), typed = !query.types.empty();
  return (quirks.contains(1) && !transmitter) || (quirks.contains(2) && transmitter) ||
         (quirks.contains(3) && !typed) || (quirks.contains(4) && typed && !query.usual_prefixes) ||
         (quirks.contains(22) && !query.scopes.empty());
}

void malform_discovery(std::string& message, const DiscoveryQuery& query, const std::set<int>& quirks) {
  if (quirks.contains(6)) message = probe_fault(query);
  if (quirks.contains(7)) unwrap_match(message);
  if (quirks.contains(8)) borrow_message_id(message, query);
  if (!quirks.contains(9)) return;
  for (const std::string_view prefix : {" xmlns:a=\"", " xmlns:d=\"", " xmlns:dn=\"", " xmlns:tds=\""})
    if (const auto at = message.find(prefix); at != std::string::npos)
      message.erase(at, message.find('"', at + prefix.size()) + 1 - at);
}

std::string scopes_text(const std::vector<std::string>& scopes, const std::set<int>& quirks) {
  if (!quirks.contains(20)) return fmt::format("{}", fmt::join(scopes, " "));
  std::string text = "\n";
  for (const std::string& scope : scopes) {
    if (scope.find("/name/") != std::string::npos) text += "onvif://www.onvif.org/name/IPC\n";
    text += percent_decode(scope) + "\n";
  }
  return text;
}

}  // namespace camctl::onvif
