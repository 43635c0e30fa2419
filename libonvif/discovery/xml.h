// Walking XML of devices by local names.
#pragma once

#include <functional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace camctl::onvif::discovery {

inline constexpr int kMaxXmlDepth = 32;  // SOAP needs 8

// The name without its prefix.
std::string_view local_name(pugi::xml_node node);

// Reads what can be read: from the first '<' on, the declared encoding ignored (quirk 37), up to the first
// error, which loses only what stands after it.
void load_leniently(pugi::xml_document& document, std::string_view text);

// The first element of this local name at or below `node`, in document order, at most kMaxXmlDepth down.
pugi::xml_node find(pugi::xml_node node, std::string_view name);

// Calls `visit` for each element below `node`; where it returns true, the element is not entered.
void for_each(pugi::xml_node node, const std::function<bool(pugi::xml_node)>& visit);

// All text at and below `node`.
std::string text_of(pugi::xml_node node);

// The namespace that `prefix` stands for at `node`; empty if it is not declared.
std::string_view namespace_of(pugi::xml_node node, std::string_view prefix);

}  // namespace camctl::onvif::discovery
