#include "libonvif/soap/repair.h"

#include <pugixml.hpp>

#include "libonvif/soap/context.h"

namespace camctl::onvif {
namespace {

constexpr std::string_view kEnvelopeNs = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view kSchemaNs = "http://www.onvif.org/ver10/schema";

std::string_view local_name(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(pugi::xml_node parent, std::string_view local) {
  for (const pugi::xml_node node : parent.children())
    if (local_name(node.name()) == local) return node;
  return {};
}

// The element with this name at any depth below `parent`, `depth` levels at most.
pugi::xml_node descendant(pugi::xml_node parent, std::string_view local, unsigned depth) {
  if (depth == 0) return {};
  for (const pugi::xml_node node : parent.children()) {
    if (local_name(node.name()) == local) return node;
    if (const pugi::xml_node found = descendant(node, local, depth - 1)) return found;
  }
  return {};
}

// The namespace prefix of the children of an element at its place: the few types that services define
// themselves are named, all others are of the common schema.
std::string_view prefix_of_children(std::string_view parent, bool parent_is_reply, std::string_view service) {
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
  const std::string prefix(prefix_of_children(parent_name, parent_is_reply, service));
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
      node.set_name((prefix + ':' + std::string(local_name(node.name()))).c_str());
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

pugi::xml_node find_reply(const pugi::xml_document& document, std::string_view element) {
  const pugi::xml_node envelope = child(document, "Envelope");
  const pugi::xml_node body = child(envelope, "Body");
  if (const pugi::xml_node reply = child(body, element)) return reply;
  return child(envelope, element);  // Body left out
}

struct StringWriter : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
};

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
  std::string cut(text);
  for (char& c : cut)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') c = ' ';
  return cut;
}

std::optional<std::string> repair_reply(std::string_view text, const ExpectedReply& expected,
                                        Quirks& quirks) {
  const std::string cut = cut_to_envelope(text);
  pugi::xml_document document;
  // The bytes are taken for UTF-8 whatever the declaration said (quirk 37).
  if (!document.load_buffer(cut.data(), cut.size(), pugi::parse_default, pugi::encoding_utf8))
    return std::nullopt;
  pugi::xml_node reply = find_reply(document, expected.element);
  if (!reply) return std::nullopt;

  if (expected.element.ends_with("UriResponse") && place_uri(reply, expected.prefix)) quirks.insert(78);
  rename_children(reply, true, expected.prefix, SoapContext::kMaxDepth - 4);
  strip_attributes(reply);
  const std::string name = std::string(expected.prefix) + ':' + std::string(expected.element);
  reply.set_name(name.c_str());

  std::string_view service_ns = kDeviceNs;
  if (expected.prefix == "trt") service_ns = kMediaNs;
  if (expected.prefix == "tr2") service_ns = kMedia2Ns;
  StringWriter writer;
  writer.text = "<s:Envelope xmlns:s=\"" + std::string(kEnvelopeNs) + "\" xmlns:tt=\"" +
                std::string(kSchemaNs) + "\" xmlns:" + std::string(expected.prefix) + "=\"" +
                std::string(service_ns) + "\"><s:Body>";
  reply.print(writer, "", pugi::format_raw, pugi::encoding_utf8);
  writer.text += "</s:Body></s:Envelope>";
  return std::move(writer.text);
}

}  // namespace camctl::onvif
