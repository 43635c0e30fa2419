#include "libonvif/soap/repair.h"

#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "libonvif/discovery/xml.h"
#include "libonvif/soap/context.h"
#include "libonvif/soap/fragment.h"

namespace camctl::onvif {
namespace {

constexpr std::string_view kEnvelopeNs = "http://www.w3.org/2003/05/soap-envelope";

// Prefixes of the project's namespace table (wsdl/typemap.dat).
constexpr std::pair<std::string_view, std::string_view> kNamespaces[] = {
    {"tt", "http://www.onvif.org/ver10/schema"},
    {"tds", kDeviceNs},
    {"trt", kMediaNs},
    {"tr2", kMedia2Ns},
    {"tev", kEventsNs},
    {"tptz", kPtzNs},
    {"timg", kImagingNs},
    {"wsnt", kNotificationNs},
    {"wsa5", kAddressingNs}};

// The element with this name at any depth below `parent`, `depth` levels at most.
pugi::xml_node descendant(pugi::xml_node parent, std::string_view local, unsigned depth) {
  if (depth == 0) return {};
  for (const pugi::xml_node node : parent.children()) {
    if (local_name(node.name()) == local) return node;
    if (const pugi::xml_node found = descendant(node, local, depth - 1)) return found;
  }
  return {};
}

// The namespace prefix of an element by its place: the few types that services define
// themselves are named, all others are of the common schema.
std::string_view prefix_in(std::string_view parent, std::string_view child, bool parent_is_reply,
                           std::string_view service) {
  if (service == "tev" || service == "wsnt") {  // WS-BaseNotification §3 to §6, ONVIF Core §9.1
    if (parent == "CreatePullPointSubscriptionResponse" && child != "SubscriptionReference") return "wsnt";
    if (parent.ends_with("Reference")) return "wsa5";
    if (child == "NotificationMessage" || parent == "NotificationMessage") return "wsnt";
  }
  if (parent_is_reply) return service;
  if (service == "tds" && parent == "Service") return service;
  if (service == "tr2" && (parent == "Profiles" || parent == "Configurations")) return service;
  return "tt";
}

void strip_attributes(pugi::xml_node node) {
  for (pugi::xml_attribute attribute = node.first_attribute(); attribute;) {
    const pugi::xml_attribute next = attribute.next_attribute();
    const std::string_view name = attribute.name();
    if (name.starts_with("xmlns") || name.starts_with("xsi:")) {
      node.remove_attribute(attribute);
    } else if (name.find(':') != name.npos) {
      const std::string local(local_name(name));
      attribute.set_name(local.c_str());
    }
    attribute = next;
  }
}

bool has_element(pugi::xml_node node) {
  for (const pugi::xml_node inner : node.children())
    if (inner.type() == pugi::node_element) return true;
  return false;
}

// Renames what is below `parent` and drops text between elements (gSOAP silently stops reading at it).
void rename_children(pugi::xml_node parent, bool parent_is_reply, std::string_view service, unsigned depth) {
  const std::string_view parent_name = local_name(parent.name());
  const bool mixed = has_element(parent);
  for (pugi::xml_node node = parent.first_child(); node;) {
    const pugi::xml_node next = node.next_sibling();
    if (node.type() != pugi::node_element) {
      if (mixed) parent.remove_child(node);
    } else if (depth == 0) {
      parent.remove_child(node);
    } else {
      rename_children(node, false, service, depth - 1);
      strip_attributes(node);
      const std::string_view name = local_name(node.name());
      const std::string_view prefix = prefix_in(parent_name, name, parent_is_reply, service);
      node.set_name((std::string(prefix) + ':' + std::string(name)).c_str());
    }
    node = next;
  }
}

// Puts a URI that is somewhere in the reply where its service has it.
bool place_uri(pugi::xml_node reply, std::string_view service) {
  const bool wrapped = service == "trt";
  const pugi::xml_node wrapper = wrapped ? child(reply, "MediaUri") : reply;
  if (wrapper && child(wrapper, "Uri")) return false;
  constexpr unsigned kUriDepth = 8;
  const pugi::xml_node found = descendant(reply, "Uri", kUriDepth);
  if (!found) return false;
  const std::string uri = found.child_value();
  pugi::xml_node target = wrapped ? reply.prepend_child("MediaUri") : reply;
  target.prepend_child("Uri").text().set(uri.c_str());
  return true;
}

// Names whose prefix is declared nowhere (quirk 36).
bool has_unbound_prefix(pugi::xml_node reply) {
  const auto is_unbound = [](pugi::xml_node node) {
    const std::string_view name = node.name();
    const auto colon = name.find(':');
    return colon != name.npos && discovery::namespace_of(node, name.substr(0, colon)).empty();
  };
  bool found = is_unbound(reply);
  discovery::for_each(reply, [&](pugi::xml_node node) { return found = found || is_unbound(node); });
  return found;
}

pugi::xml_node find_reply(const pugi::xml_document& document, std::string_view element) {
  const pugi::xml_node envelope = child(document, "Envelope");
  const pugi::xml_node body = child(envelope, "Body");
  if (const pugi::xml_node reply = child(body, element)) return reply;
  return child(envelope, element);  // Body left out
}

// How much of `text` may become a tree, which takes some 70 bytes for each element.
std::size_t bytes_for_a_tree(std::string_view text) {
  const std::size_t most = std::min(text.size(), kMaxTreeBytes);
  std::size_t tags = 0;
  for (auto at = text.find('<'); at < most; at = text.find('<', at + 1))
    if (++tags > kMaxTreeTags) return at;
  return most;
}

}  // namespace

std::string cut_to_envelope(std::string_view text) {
  const auto name = text.find("Envelope");
  const auto begin = name == text.npos ? text.npos : text.rfind('<', name);
  if (begin != text.npos) {
    const auto last = text.rfind("Envelope");
    const auto tag = text.rfind('<', last);
    const auto end = text.find('>', last);
    const bool closed = tag != text.npos && text.substr(tag, 2) == "</" && end != text.npos;
    text = closed ? text.substr(begin, end + 1 - begin) : text.substr(begin);
  }
  std::string cut(text.substr(0, bytes_for_a_tree(text)));
  for (char& c : cut)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') c = ' ';
  return cut;
}

std::optional<std::string> repair_reply(std::string_view text, const ExpectedReply& expected,
                                        Quirks& quirks) {
  std::string cut = cut_to_envelope(text);
  pugi::xml_document document;
  // The bytes are taken for UTF-8 whatever the declaration said (quirk 37).
  if (!document.load_buffer_inplace(cut.data(), cut.size(), pugi::parse_default, pugi::encoding_utf8))
    return std::nullopt;
  pugi::xml_node reply = find_reply(document, expected.element);
  if (!reply) return std::nullopt;

  if (has_unbound_prefix(reply)) quirks.insert(36);
  if (expected.element.ends_with("UriResponse") && place_uri(reply, expected.prefix)) quirks.insert(78);
  rename_children(reply, true, expected.prefix, SoapContext::kMaxDepth - 4);
  strip_attributes(reply);
  const std::string name = std::string(expected.prefix) + ':' + std::string(expected.element);
  reply.set_name(name.c_str());

  std::string repaired = "<s:Envelope xmlns:s=\"" + std::string(kEnvelopeNs) + '"';
  for (const auto& [prefix, space] : kNamespaces)
    repaired.append(" xmlns:").append(prefix).append("=\"").append(space).append("\"");
  return repaired + "><s:Body>" + to_text(reply) + "</s:Body></s:Envelope>";
}

}  // namespace camctl::onvif
