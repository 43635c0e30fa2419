#include "libonvif/soap/configuration.h"

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/soap/fragment.h"

namespace camctl::onvif {
namespace {

// The prefix of what we wrap a device's elements in: it must not be one of theirs.
constexpr std::string_view kPrefix = "camctl-set";

pugi::xml_attribute attribute(pugi::xml_node node, std::string_view local) {
  for (const pugi::xml_attribute one : node.attributes())
    if (local_name(one.name()) == local) return one;
  return {};
}

constexpr std::string_view kSchemaPrefix = "camctl-tt";
constexpr std::string_view kSchemaNs = "http://www.onvif.org/ver10/schema";

// What the element's prefix stands for; empty where it is not declared.
std::string_view namespace_of(pugi::xml_node element) {
  const std::string_view name = element.name();
  const auto colon = name.find(':');
  const std::string declaration =
      colon == name.npos ? "xmlns" : "xmlns:" + std::string(name.substr(0, colon));
  for (pugi::xml_node outer = element; outer; outer = outer.parent())
    if (const pugi::xml_attribute found = outer.attribute(declaration.c_str())) return found.value();
  return {};
}

// Below a configuration ONVIF's own elements are of the common schema: those in a service's namespace or in
// none are put there, since a device may read more strictly than it writes (quirks 35, 36). Vendors' stay.
void mend_namespaces(pugi::xml_node parent) {
  for (pugi::xml_node node : parent.children()) {
    if (node.type() != pugi::node_element) continue;
    const std::string_view space = namespace_of(node);
    mend_namespaces(node);
    const bool service = space.find("www.onvif.org/") != space.npos && space.ends_with("/wsdl");
    if (space.empty() || service)
      node.set_name((std::string(kSchemaPrefix) + ':' + std::string(local_name(node.name()))).c_str());
  }
}

struct Place {
  pugi::xml_node element;
  pugi::xml_attribute attribute;

  explicit operator bool() const { return attribute || element; }
};

Place find(const pugi::xml_document& document, std::string_view path) {
  Place place{document.document_element(), {}};
  for (const std::string_view step : text::split(path, "/")) {
    if (step.starts_with('@')) {
      place.attribute = attribute(place.element, step.substr(1));
      if (!place.attribute) place.element = {};
    } else {
      place.element = child(place.element, step);
    }
  }
  return place;
}

}  // namespace

Result<Configuration> Configuration::cut(std::string_view reply, std::string_view path) {
  const pugi::xml_document document = parse_leniently(reply);
  pugi::xml_node node = descend(document, {"Envelope", "Body"});
  for (const std::string_view step : text::split(path, "/")) node = child(node, step);
  Configuration result;
  pugi::xml_node copy = copy_with_scope(node, result.document_);
  if (!copy) return fail(ErrorCode::kProtocol, "the reply has no configuration in it");
  mend_namespaces(copy);
  const std::string declaration = "xmlns:" + std::string(kSchemaPrefix);
  copy.append_attribute(declaration.c_str()).set_value(std::string(kSchemaNs).c_str());
  return result;
}

std::optional<std::string> Configuration::value(std::string_view path) const {
  const Place place = find(document_, path);
  if (!place) return std::nullopt;
  return clean_text(place.attribute ? place.attribute.value() : place.element.text().get());
}

bool Configuration::change(std::string_view name, std::string_view path, const std::string& wanted,
                           SettingChanges& changes) {
  Place place = find(document_, path);
  if (!place) return false;
  changes.push_back({std::string(name), value(path).value_or(""), wanted, {}});
  return place.attribute ? place.attribute.set_value(wanted.c_str())
                         : place.element.text().set(wanted.c_str());
}

std::string Configuration::as_element(std::string_view name, std::string_view space) const {
  pugi::xml_document document;
  pugi::xml_node node = document.append_copy(document_.document_element());
  node.set_name((std::string(kPrefix) + ':' + std::string(name)).c_str());
  const std::string declaration = "xmlns:" + std::string(kPrefix);
  node.append_attribute(declaration.c_str()).set_value(std::string(space).c_str());
  return to_text(node);
}

}  // namespace camctl::onvif
