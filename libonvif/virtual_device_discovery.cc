#include "libonvif/virtual_device_discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <random>

#include "base/text.h"
#include "libonvif/soap/xml_text.h"
#include "libonvif/virtual_device_identity.h"
#include "libonvif/virtual_device_quirks.h"

namespace camctl::onvif {
namespace {

constexpr std::string_view kSpaceDiscovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
constexpr std::string_view kSpaceNetwork = "http://www.onvif.org/ver10/network/wsdl";
constexpr std::string_view kSpaceDevice = "http://www.onvif.org/ver10/device/wsdl";
constexpr std::string_view kToAll = "urn:schemas-xmlsoap-org:ws:2005:04:discovery";
constexpr std::string_view kToAnonymous = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
constexpr std::string_view kRuleRfc3986 = "http://schemas.xmlsoap.org/ws/2005/04/discovery/rfc3986";
constexpr std::string_view kRuleStrcmp0 = "http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0";

std::string_view local_name(std::string_view qualified) {
  const auto colon = qualified.rfind(':');
  return colon == std::string_view::npos ? qualified : qualified.substr(colon + 1);
}

// Children are found by local name: clients choose their prefixes freely.
pugi::xml_node child(const pugi::xml_node& parent, std::string_view local) {
  for (const auto& node : parent.children())
    if (local_name(node.name()) == local) return node;
  return {};
}

// The words of a list; one more than kMaxQueryItems tells that there were too many.
std::vector<std::string> words(std::string_view list) {
  const auto pieces = text::split(list, " \t\r\n");
  const auto count = std::min(pieces.size(), kMaxQueryItems + 1);
  return {pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(count)};
}

// The namespace that a prefix is bound to at `node`.
std::string space_at(pugi::xml_node node, std::string_view prefix) {
  const std::string attribute = prefix.empty() ? "xmlns" : fmt::format("xmlns:{}", prefix);
  for (; node; node = node.parent())
    if (const auto bound = node.attribute(attribute.c_str())) return bound.value();
  return {};
}

DiscoveryQuery::MatchBy match_rule(std::string_view rule) {
  rule = text::trim(rule);
  if (rule.empty() || rule == kRuleRfc3986) return DiscoveryQuery::MatchBy::kRfc3986;
  if (rule == kRuleStrcmp0) return DiscoveryQuery::MatchBy::kStrcmp0;
  return DiscoveryQuery::MatchBy::kOther;
}

void read_probe(const pugi::xml_node& probe, DiscoveryQuery& query) {
  const auto types = child(probe, "Types");
  const auto envelope = probe.root().first_child();
  query.usual_prefixes = true;
  for (const auto& type : words(types.text().get())) {
    const auto colon = type.find(':');
    const auto prefix =
        colon == std::string::npos ? std::string_view{} : std::string_view(type).substr(0, colon);
    query.types.push_back({space_at(types, prefix), std::string(local_name(type))});
    query.usual_prefixes = query.usual_prefixes && (prefix == "dn" || prefix == "tds") &&
                           envelope.attribute(fmt::format("xmlns:{}", prefix).c_str());
  }
  query.empty_types = types && query.types.empty();
  const auto scopes = child(probe, "Scopes");
  query.scopes = words(scopes.text().get());
  query.match_by = match_rule(scopes.attribute("MatchBy").value());
}

bool type_matches(const QName& type) {
  const auto is = [&](std::string_view space, std::string_view local) {
    return type.local == local && (type.space.empty() || type.space == space);
  };
  return is(kSpaceNetwork, "NetworkVideoTransmitter") || is(kSpaceDevice, "Device");
}

// The rfc3986 rule (§5.1): scheme and authority without regard to case, then whole segments of the path.
bool scope_is_prefix(std::string_view wanted, std::string_view scope) {
  while (wanted.ends_with('/')) wanted.remove_suffix(1);
  if (wanted.size() > scope.size()) return false;
  const auto authority = wanted.find("://");
  const auto path = authority == std::string_view::npos ? 0 : wanted.find('/', authority + 3);
  const auto head = std::min(path, wanted.size());
  return text::iequals(wanted.substr(0, head), scope.substr(0, head)) &&
         wanted.substr(head) == scope.substr(head, wanted.size() - head) &&
         (scope.size() == wanted.size() || scope[wanted.size()] == '/');
}

bool scope_matches(const DiscoveryQuery& query, const std::string& wanted,
                   const std::vector<std::string>& scopes) {
  return std::any_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
    switch (query.match_by) {
      case DiscoveryQuery::MatchBy::kRfc3986:
        return scope_is_prefix(wanted, scope);
      case DiscoveryQuery::MatchBy::kStrcmp0:
        return wanted == scope;
      case DiscoveryQuery::MatchBy::kOther:
        break;
    }
    return false;
  });
}

std::string random_uuid() {
  thread_local std::mt19937_64 random{std::random_device{}()};  // uniqueness is wanted here, not secrecy
  const auto high = (random() & ~0xF000ULL) | 0x4000ULL;
  const auto low = (random() & ~(0xC000ULL << 48)) | (0x8000ULL << 48);
  return fmt::format("urn:uuid:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFF'FFFF'FFFFULL);
}

std::string envelope(std::string_view action, std::string_view to, std::string_view relates_to,
                     AppSequence sequence, std::string_view body) {
  const auto relates = relates_to.empty()
                           ? std::string()
                           : fmt::format("<a:RelatesTo>{}</a:RelatesTo>", escape_xml(relates_to));
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="{0}" xmlns:dn="{1}" xmlns:tds="{2}"><s:Header><a:MessageID>{3}</a:MessageID>{4}<a:To>{5}</a:To><a:Action>{0}/{6}</a:Action><d:AppSequence InstanceId="{7}" MessageNumber="{8}"/></s:Header><s:Body>{9}</s:Body></s:Envelope>)",
      kSpaceDiscovery, kSpaceNetwork, kSpaceDevice, random_uuid(), relates, to, action, sequence.instance_id,
      sequence.message_number, body);
}

// EndpointReference and what follows it, the same in Hello, ProbeMatch and ResolveMatch.
std::string description(const VirtualDeviceConfig& config) {
  const bool printer = config.quirks.contains(21);
  const auto scopes = printer ? std::string() : scopes_text(virtual_scopes(config), config.quirks);
  return fmt::format(
      "<a:EndpointReference><a:Address>{}</a:Address></a:EndpointReference>"
      "<d:Types>{}</d:Types><d:Scopes>{}</d:Scopes>"
      "<d:XAddrs>{}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>",
      escape_xml(config.endpoint),
      printer ? "wsdp:Device pri:PrintDeviceType" : "dn:NetworkVideoTransmitter tds:Device",
      escape_xml(scopes), escape_xml(virtual_xaddrs(config)));
}

}  // namespace

std::optional<DiscoveryQuery> parse_discovery_query(std::string_view datagram) {
  if (datagram.size() > kMaxQueryBytes) return std::nullopt;
  pugi::xml_document document;
  if (!document.load_buffer(datagram.data(), datagram.size())) return std::nullopt;
  const auto envelope_node = child(document, "Envelope");
  const auto body = child(envelope_node, "Body");

  DiscoveryQuery query;
  query.message_id = text::trim(child(child(envelope_node, "Header"), "MessageID").text().get());
  if (const auto probe = child(body, "Probe")) {
    read_probe(probe, query);
  } else if (const auto resolve = child(body, "Resolve")) {
    query.kind = DiscoveryQuery::Kind::kResolve;
    query.endpoint = text::trim(child(child(resolve, "EndpointReference"), "Address").text().get());
  } else {
    return std::nullopt;
  }
  return query;
}

bool matches(const DiscoveryQuery& query, std::string_view endpoint, const std::vector<std::string>& scopes) {
  if (query.kind == DiscoveryQuery::Kind::kResolve) return query.endpoint == endpoint;
  if (query.types.size() > kMaxQueryItems || query.scopes.size() > kMaxQueryItems) return false;
  return std::all_of(query.types.begin(), query.types.end(), type_matches) &&
         std::all_of(query.scopes.begin(), query.scopes.end(),
                     [&](const std::string& wanted) { return scope_matches(query, wanted, scopes); });
}

std::string hello_message(const VirtualDeviceConfig& config, AppSequence sequence) {
  return envelope("Hello", kToAll, {}, sequence, fmt::format("<d:Hello>{}</d:Hello>", description(config)));
}

std::string bye_message(const VirtualDeviceConfig& config, AppSequence sequence) {
  return envelope("Bye", kToAll, {}, sequence, fmt::format("<d:Bye>{}</d:Bye>", description(config)));
}

std::string match_message(const VirtualDeviceConfig& config, const DiscoveryQuery& query,
                          AppSequence sequence) {
  const bool probe = query.kind == DiscoveryQuery::Kind::kProbe;
  const std::string_view element = probe ? "ProbeMatch" : "ResolveMatch";
  const auto action = fmt::format("{}es", element);
  return envelope(action, kToAnonymous, query.message_id, sequence,
                  fmt::format("<d:{0}><d:{1}>{2}</d:{1}></d:{0}>", action, element, description(config)));
}

}  // namespace camctl::onvif
