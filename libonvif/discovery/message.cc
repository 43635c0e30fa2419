#include "libonvif/discovery/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/text.h"
#include "libonvif/discovery/xml.h"
#include "libonvif/lenient.h"

namespace camctl::onvif::discovery {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

struct ProbeTypes {
  std::string_view prefix, uri, name;
};

ProbeTypes probe_types(ProbeKind kind) {
  if (kind == ProbeKind::kTransmitter)
    return {"dn", "http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"};
  return {"tds", "http://www.onvif.org/ver10/device/wsdl", "Device"};
}

// "uuid:…", "urn:uuid:…", "{…}" and a bare UUID are one and the same.
std::string normal_endpoint(std::string_view text) {
  std::string endpoint = clean_text(text::trim(text));
  if (endpoint.starts_with('{') && endpoint.ends_with('}'))
    endpoint = endpoint.substr(1, endpoint.size() - 2);
  if (text::lower(endpoint).starts_with("uuid:")) return "urn:" + endpoint;
  constexpr std::size_t kUuidLength = 36;
  const bool bare = endpoint.size() == kUuidLength && endpoint[8] == '-' && endpoint[13] == '-' &&
                    endpoint.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
  return bare ? "urn:uuid:" + endpoint : endpoint;
}

// Whether a QName of Types is one of ONVIF's. Printers' wsdp:Device has the same local name as tds:Device.
bool is_onvif_type(pugi::xml_node types, std::string_view qname) {
  const std::size_t colon = qname.find(':');
  const std::string_view prefix =
      colon == std::string_view::npos ? std::string_view() : qname.substr(0, colon);
  const std::string_view name = colon == std::string_view::npos ? qname : qname.substr(colon + 1);
  if (name.starts_with("NetworkVideo") || name.starts_with("NetworkAudio")) return true;
  if (name != "Device") return false;
  const std::string_view uri = namespace_of(types, prefix);
  return uri.empty() ? prefix == "tds" || prefix == "dn" : uri.find("onvif.org") != std::string_view::npos;
}

void read_list(pugi::xml_node node, std::size_t most, std::vector<std::string>& out) {
  const std::string all = text_of(node);
  for (std::string_view piece : text::split(all, kWhiteSpace))
    if (out.size() < most) out.push_back(clean_text(piece));
}

// Quirk 9: a prefix that is declared nowhere.
bool is_undeclared(pugi::xml_node node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon != std::string_view::npos && namespace_of(node, name.substr(0, colon)).empty();
}

// Quirk 20: on several lines, with spaces inside, or with two names.
bool has_odd_scopes(std::string_view text, const std::vector<std::string>& scopes) {
  const auto names = std::count_if(scopes.begin(), scopes.end(), [](const std::string& scope) {
    return text::lower(scope).find("/name/") != std::string::npos;
  });
  const bool spaces = std::any_of(scopes.begin(), scopes.end(), [](const std::string& scope) {
    return scope.find(' ') != std::string::npos;
  });
  return names > 1 || spaces || text::trim(text).find('\n') != std::string_view::npos;
}

// Quirk 6.
Announcement fault_announcement() {
  Announcement result;
  result.kind = Announcement::Kind::kFault;
  result.quirks.insert(6);
  return result;
}

Announcement read_match(pugi::xml_node node, Announcement::Kind kind) {
  Announcement result;
  result.kind = kind;
  if (is_undeclared(node)) result.quirks.insert(9);
  result.endpoint = normal_endpoint(text_of(find(find(node, "EndpointReference"), "Address")));
  for_each(node, [&](pugi::xml_node child) {
    const std::string_view name = local_name(child);
    if (is_undeclared(child)) result.quirks.insert(9);
    if (name == "Types") {
      read_list(child, kMaxTypes, result.types);
      for (const std::string& type : result.types) result.onvif = result.onvif || is_onvif_type(child, type);
    } else if (name == "Scopes") {
      const std::string all = text_of(child);
      for (std::string& scope : split_scopes(all))
        if (result.scopes.size() < kMaxScopes) result.scopes.push_back(std::move(scope));
      if (has_odd_scopes(all, result.scopes)) result.quirks.insert(20);
    } else if (name == "XAddrs") {
      read_list(child, kMaxXAddrs, result.xaddrs);
    }
    return false;
  });
  for (const std::string& scope : result.scopes)
    result.onvif = result.onvif || text::lower(scope).starts_with("onvif://");
  return result;
}

}  // namespace

std::string probe_message(ProbeKind kind, std::string_view message_id) {
  const ProbeTypes types = probe_types(kind);
  const bool typed = kind != ProbeKind::kUntyped;
  const std::string declaration = fmt::format(" xmlns:{}=\"{}\"", types.prefix, types.uri);
  const std::string element =
      fmt::format("<d:Types{}>{}:{}</d:Types>", declaration, types.prefix, types.name);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\""
      " xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
      " xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"{}>"
      "<e:Header><w:MessageID>{}</w:MessageID>"
      "<w:To e:mustUnderstand=\"true\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
      "<w:Action e:mustUnderstand=\"true\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>"
      "</e:Header><e:Body><d:Probe>{}</d:Probe></e:Body></e:Envelope>",
      typed ? declaration : "", message_id, typed ? element : "");
}

std::string new_message_id() {
  std::random_device random;
  std::array<unsigned, 4> words{};
  for (unsigned& word : words) word = random();
  return fmt::format("urn:uuid:{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", words[0], words[1] & 0xffff,
                     (words[1] >> 16) & 0xfff, 0x8000 | (words[2] & 0x3fff), words[2] >> 16, words[3]);
}

std::vector<std::string> split_scopes(std::string_view text) {
  std::vector<std::string> scopes;
  for (std::string_view piece : text::split(text, kWhiteSpace)) {
    const bool has_scheme = piece.find(":/") != std::string_view::npos || piece.starts_with("urn:");
    if (has_scheme || scopes.empty())
      scopes.push_back(clean_text(piece));
    else if (scopes.back().size() < kMaxText)
      scopes.back() += " " + clean_text(piece);
  }
  return scopes;
}

namespace {

// What stands around the matches: which probe they answer, and quirks 7 and 8.
void read_surroundings(const pugi::xml_document& document, bool wrapped, std::vector<Announcement>& found) {
  const std::string relates_to = clean_text(text::trim(text_of(find(document, "RelatesTo"))));
  for (Announcement& announcement : found) {
    if (announcement.kind == Announcement::Kind::kHello || announcement.kind == Announcement::Kind::kBye)
      continue;
    announcement.relates_to = relates_to;
    if (relates_to.empty()) announcement.quirks.insert(8);
    if (!wrapped) announcement.quirks.insert(7);
  }
}

}  // namespace

std::vector<Announcement> parse_announcements(std::string_view datagram) {
  pugi::xml_document document;
  load_leniently(document, datagram.substr(0, kMaxDatagram));
  std::vector<Announcement> found;
  bool wrapped = true;
  for_each(document, [&](pugi::xml_node node) {
    const std::string_view name = local_name(node);
    using Kind = Announcement::Kind;
    if (found.size() >= kMaxMatches || name == "Header" || name == "Probe" || name == "Resolve") return true;
    const bool match = name == "ProbeMatch" || name == "ResolveMatch";
    if (match) wrapped = wrapped && local_name(node.parent()) == std::string(name) + "es";
    if (match || name == "Hello" || name == "Bye")
      found.push_back(read_match(node, match ? Kind::kMatch : name == "Hello" ? Kind::kHello : Kind::kBye));
    else if (name == "Fault")
      found.push_back(fault_announcement());
    else
      return false;
    return true;
  });
  // No wrapper at all (quirk 7): whatever has XAddrs is a match.
  const pugi::xml_node xaddrs = found.empty() ? find(document, "XAddrs") : pugi::xml_node();
  if (xaddrs) {
    wrapped = false;
    found.push_back(read_match(xaddrs.parent(), Announcement::Kind::kMatch));
  }
  read_surroundings(document, wrapped, found);
  return found;
}

bool is_partial(std::string_view datagram) {
  const bool starts =
      datagram.find("Envelope") != std::string_view::npos && text::trim(datagram).starts_with('<');
  const std::size_t last_close = datagram.rfind("</");
  const bool ends = last_close != std::string_view::npos &&
                    datagram.find("Envelope>", last_close) != std::string_view::npos;
  return starts && !ends;
}

}  // namespace camctl::onvif::discovery
