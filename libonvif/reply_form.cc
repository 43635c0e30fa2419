#include "libonvif/reply_form.h"

#include "base/text.h"
#include "libonvif/lenient.h"

namespace camctl::onvif {
namespace {

constexpr int kOk = 200, kUnauthorized = 401, kFirstError = 400;

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

bool is_html(const HttpReply& reply) { return text::lower(reply.content_type).starts_with("text/html"); }

// What XML allows before the root element: a byte order mark, a declaration, space behind that. Comments and
// the like nobody writes there.
bool begins_as_xml(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.starts_with("<?xml")) {
    const auto end = text.find("?>");
    const std::string declaration = text::lower(text.substr(0, end));
    if (end == text.npos || contains(declaration, "utf-16")) return false;  // and these are single bytes
    text.remove_prefix(end + 2);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  const auto name = text.find("Envelope");
  return text.starts_with('<') && name != text.npos && text.find('<', 1) > name;
}

bool ends_as_xml(std::string_view text) {
  const auto end = text.find('>', text.rfind("Envelope"));
  return end != text.npos && text.find_first_not_of(" \t\r\n", end + 1) == text.npos;
}

// In the encoding that it says it is in; others than UTF-8 have no bytes that are wrong.
bool is_encoded_as_said(std::string_view text) {
  const std::string declaration = text::lower(text.substr(0, text.find('>')));
  const bool other = contains(declaration, "encoding=") && !contains(declaration, "utf-8");
  return other || is_utf8(text);
}

bool demands_understanding(std::string_view text) {
  const std::string_view header = text.substr(0, text.find("Body"));
  return contains(header, "mustUnderstand=\"1\"") || contains(header, "mustUnderstand=\"true\"");
}

}  // namespace

Quirks form_quirks(const HttpReply& reply) {
  Quirks shown;
  if (reply.hung_up) shown.insert(33);
  if (reply.untrusted) shown.insert(40);
  const std::string_view text = reply.body;
  if (!contains(text, "Envelope")) {
    if (reply.status >= kFirstError && is_html(reply)) shown.insert(28);
    return shown;
  }
  if (is_html(reply)) shown.insert(26);
  const bool unasked = reply.status == kUnauthorized && reply.www_authenticate.empty();
  if ((reply.status == kOk || unasked) && find_fault(text)) shown.insert(27);
  if (!begins_as_xml(text) || !ends_as_xml(text) || !is_encoded_as_said(text)) shown.insert(37);
  if (demands_understanding(text)) shown.insert(38);
  return shown;
}

}  // namespace camctl::onvif
