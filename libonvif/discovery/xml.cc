#include "libonvif/discovery/xml.h"

#include <algorithm>

namespace camctl::onvif::discovery {
namespace {

void walk(pugi::xml_node node, int depth, const std::function<bool(pugi::xml_node)>& visit) {
  if (depth > kMaxXmlDepth) return;
  for (pugi::xml_node child : node.children())
    if (child.type() == pugi::node_element && !visit(child)) walk(child, depth + 1, visit);
}

void append_text(pugi::xml_node node, int depth, std::string& out) {
  if (depth > kMaxXmlDepth) return;
  for (pugi::xml_node child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
    append_text(child, depth + 1, out);
  }
}

}  // namespace

std::string_view local_name(pugi::xml_node node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void load_leniently(pugi::xml_document& document, std::string_view text) {
  const std::size_t start = std::min(text.find('<'), text.size());
  text.remove_prefix(start);
  document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
}

pugi::xml_node find(pugi::xml_node node, std::string_view name) {
  if (local_name(node) == name) return node;
  pugi::xml_node found;
  for_each(node, [&](pugi::xml_node child) {
    if (!found && local_name(child) == name) found = child;
    return static_cast<bool>(found);
  });
  return found;
}

void for_each(pugi::xml_node node, const std::function<bool(pugi::xml_node)>& visit) { walk(node, 0, visit); }

std::string text_of(pugi::xml_node node) {
  std::string out;
  append_text(node, 0, out);
  return out;
}

std::string_view namespace_of(pugi::xml_node node, std::string_view prefix) {
  const std::string attribute = prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix);
  for (; node; node = node.parent())
    if (const auto found = node.attribute(attribute.c_str())) return found.value();
  return {};
}

}  // namespace camctl::onvif::discovery
