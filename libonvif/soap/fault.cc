// Faults are where devices are least careful, so they are read by local names only.
#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/messages.h"
#include "libonvif/soap/fragment.h"

namespace camctl::onvif {
namespace {

constexpr std::size_t kMaxSubcodes = 4;  // ONVIF Core §5.9.2 has two

std::string text_of(pugi::xml_node node) { return clean_text(node.text().get()); }
std::string code_of(pugi::xml_node value) { return std::string(local_name(text_of(value))); }

Fault read_fault(pugi::xml_node node) {
  Fault fault;
  const pugi::xml_node code = child(node, "Code");
  fault.code = code_of(code ? child(code, "Value") : child(node, "faultcode"));
  pugi::xml_node subcode = child(code, "Subcode");
  while (subcode && fault.subcodes.size() < kMaxSubcodes) {
    if (auto value = code_of(child(subcode, "Value")); !value.empty())
      fault.subcodes.push_back(std::move(value));
    subcode = child(subcode, "Subcode");
  }
  const pugi::xml_node reason = child(node, "Reason");
  fault.reason = text_of(reason ? child(reason, "Text") : child(node, "faultstring"));
  if (fault.reason.empty()) fault.reason = text_of(reason);
  if (fault.reason.empty()) fault.reason = text_of(child(child(node, "Detail"), "Text"));
  return fault;
}

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

}  // namespace

bool Fault::has_subcode(std::string_view local_name) const {
  return std::ranges::find(subcodes, local_name) != subcodes.end();
}

std::string Fault::to_string() const {
  const std::string& what = subcodes.empty() ? code : subcodes.back();
  if (reason.empty()) return what.empty() ? "a fault without a reason" : what;
  return what.empty() ? reason : what + ": " + reason;
}

std::optional<Fault> find_fault(std::string_view reply) {
  if (!contains(reply, "Fault")) return std::nullopt;
  const pugi::xml_document document = parse_leniently(reply);
  // What was read of a broken document is good enough for an error's text.
  const pugi::xml_node envelope = child(document, "Envelope");
  pugi::xml_node fault = child(child(envelope, "Body"), "Fault");
  if (!fault) fault = child(envelope, "Fault");
  if (!fault) fault = child(document, "Fault");
  if (!fault) return std::nullopt;
  return read_fault(fault);
}

bool has_auth_code(const Fault& fault) {
  constexpr std::array<std::string_view, 6> kCodes = {
      "NotAuthorized",        "FailedAuthentication",     "InvalidSecurity",
      "InvalidSecurityToken", "SecurityTokenUnavailable", "AccessDenied"};
  const auto names = [&](std::string_view code) { return fault.code == code || fault.has_subcode(code); };
  return std::ranges::any_of(kCodes, names);
}

bool is_auth_fault(const Fault& fault) {
  if (has_auth_code(fault)) return true;
  const std::string reason = text::lower(fault.reason);
  return contains(reason, "authori") || contains(reason, "authenti") || contains(reason, "password") ||
         contains(reason, "credential");
}

}  // namespace camctl::onvif
