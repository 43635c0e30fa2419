// Elements of a reply as the device wrote them, taken out so that they can be sent back: what we do not model
// must not be lost.
#pragma once

#include <initializer_list>
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace camctl::onvif {

// "Envelope" of "s:Envelope".
std::string_view local_name(std::string_view name);
// The first child element with this local name.
pugi::xml_node child(pugi::xml_node parent, std::string_view local);
// The element at the end of a path of local names; null where one is missing.
pugi::xml_node descend(pugi::xml_node from, std::initializer_list<std::string_view> path);

// A reply as a tree, read like repair_reply() does: as far as it goes, whatever stands around it.
pugi::xml_document parse_leniently(std::string_view reply);

// A copy of `element` below `parent`, with the namespace declarations that it inherits where it stands: it
// means the same alone. Null where it is null.
pugi::xml_node copy_with_scope(pugi::xml_node element, pugi::xml_node parent);

// Without indentation and declaration.
std::string to_text(pugi::xml_node node);

}  // namespace camctl::onvif
