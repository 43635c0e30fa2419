#include "libonvif/virtual_device_malformed.h"

#include <string_view>

namespace camctl::onvif {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The prefix of the Body's first element: "tds" of <tds:GetServicesResponse>.
std::string service_prefix(const std::string& text) {
  auto at = text.find("Body");
  if (at != std::string::npos) at = text.find('<', at);
  if (at == std::string::npos) return {};
  const auto colon = text.find(':', at);
  return colon == std::string::npos ? std::string() : text.substr(at + 1, colon - at - 1);
}

// Quirk 35: elements of the common schema appear in the service's namespace.
void use_wrong_namespace(std::string& text) {
  const auto prefix = service_prefix(text);
  if (prefix.empty()) return;
  replace_all(text, "<tt:", "<" + prefix + ":");
  replace_all(text, "</tt:", "</" + prefix + ":");
}

// Quirk 36: an envelope prefix of the device's own, and prefixes that are declared nowhere.
void unbind_prefixes(std::string& text) {
  replace_all(text, "SOAP-ENV", "env");
  replace_all(text, R"( xmlns:tt="http://www.onvif.org/ver10/schema")", "");
  replace_all(text, R"( xmlns:ter="http://www.onvif.org/ver10/error")", "");
}

// Quirk 37: what stands around the envelope is wrong in every way.
void surround_with_junk(std::string& text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with("<?xml")) text.erase(0, text.find("?>") + 2);
  text = std::string(kByteOrderMark) + "\r\n<?xml version=\"1.0\" encoding=\"utf-16\"?>" + text +
         "\r\n</Junk>\x01\xFF & more";
}

// Quirk 38: the header that came with the request is there already; a client "must" understand it.
void demand_understanding(std::string& text) {
  const std::string envelope = text.find("<env:Envelope") == std::string::npos ? "SOAP-ENV" : "env";
  replace_all(text, "<wsse:Security", "<wsse:Security " + envelope + ":mustUnderstand=\"1\"");
}

// Quirk 78
void unwrap_uri(std::string& text) {
  for (const std::string_view tag : {"<trt:MediaUri>", "</trt:MediaUri>"}) replace_all(text, tag, "");
}

constexpr std::string_view kHtml =
    "<html><head><title>Error</title></head><body><h1>Error</h1><p>Your client does not have permission."
    "<br></body></html>";

bool is_fault(const SoapReply& reply) { return reply.body.find(":Fault>") != std::string::npos; }

bool is_authentication_fault(const SoapReply& reply) {
  return is_fault(reply) && reply.body.find("NotAuthorized") != std::string::npos;
}

}  // namespace

const std::set<int>& virtual_device_quirks() {
  static const std::set<int> quirks{26, 27, 28, 35, 36, 37, 38, 39, 86, 87, 88, 89, 90, 91, 92, 93, 94};
  return quirks;
}

const std::set<int>& malformed_quirks() {
  static const std::set<int> quirks{26, 27, 28, 35, 36, 37, 38, 39};
  return quirks;
}

VirtualDeviceConfig with_bad_text(VirtualDeviceConfig config) {
  if (config.quirks.contains(37)) config.model += " caf\xE9";  // Latin-1
  return config;
}

void malform(SoapReply& reply, const std::set<int>& quirks) {
  if (quirks.empty()) return;
  const bool fault = is_fault(reply);
  const bool authentication = is_authentication_fault(reply);
  const bool challenged = reply.status == 401;
  if (quirks.contains(78)) unwrap_uri(reply.body);
  if (quirks.contains(35)) use_wrong_namespace(reply.body);
  if (quirks.contains(36)) unbind_prefixes(reply.body);
  if (quirks.contains(38)) demand_understanding(reply.body);
  if (quirks.contains(37)) surround_with_junk(reply.body);
  if (quirks.contains(26)) reply.content_type = "text/html";
  if (quirks.contains(28) && authentication) {
    reply.status = 401;
    reply.content_type = "text/html";
    reply.body = kHtml;
  } else if (quirks.contains(27) && fault && !challenged) {
    reply.status = 200;
  }
}

}  // namespace camctl::onvif
