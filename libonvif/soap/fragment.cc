#include "libonvif/soap/fragment.h"

#include "libonvif/soap/repair.h"

namespace camctl::onvif {
namespace {

struct StringWriter : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
};

}  // namespace

std::string_view local_name(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(pugi::xml_node parent, std::string_view local) {
  for (const pugi::xml_node node : parent.children())
    if (local_name(node.name()) == local) return node;
  return {};
}

pugi::xml_node descend(pugi::xml_node from, std::initializer_list<std::string_view> path) {
  for (const std::string_view local : path) from = child(from, local);
  return from;
}

pugi::xml_document parse_leniently(std::string_view reply) {
  const std::string cut = cut_to_envelope(reply);
  pugi::xml_document document;
  document.load_buffer(cut.data(), cut.size(), pugi::parse_default, pugi::encoding_utf8);
  return document;
}

pugi::xml_node copy_with_scope(pugi::xml_node element, pugi::xml_node parent) {
  if (!element) return {};
  pugi::xml_node copy = parent.append_copy(element);
  for (pugi::xml_node outer = element.parent(); outer; outer = outer.parent())
    for (const pugi::xml_attribute attribute : outer.attributes())  // the innermost declaration counts
      if (std::string_view(attribute.name()).starts_with("xmlns") && !copy.attribute(attribute.name()))
        copy.append_copy(attribute);
  return copy;
}

std::string to_text(pugi::xml_node node) {
  StringWriter writer;
  node.print(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.text);
}

}  // namespace camctl::onvif
