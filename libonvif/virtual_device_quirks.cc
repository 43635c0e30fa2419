#include "libonvif/virtual_device_quirks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/url.h"
#include "libonvif/quirks.h"
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

std::set<int> virtual_quirks() {
  std::set<int> numbers;
  for (const auto& quirk : all_quirks())
    if (quirk.simulated) numbers.insert(quirk.number);
  return numbers;
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
