#include "libonvif/virtual_device_refusals.h"

#include <fmt/format.h>

#include "libonvif/virtual_device_reply.h"

namespace camctl::onvif {
namespace {

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t times = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + word.size())) ++times;
  return times;
}

SoapReply nothing() { return {.headers = {}, .body = {}}; }  // HTTP 200

SoapReply page() {
  auto reply = plain_reply(500, "<html><body><h1>500 Internal Server Error</h1></body></html>");
  reply.content_type = "text/html";
  return reply;
}

SoapReply must_understand() {
  return fault_reply({Blame::kHeader, {}, {}, "A header must be understood that is not known here"});
}

// "application/soap+xml; charset=utf-8; action=\"…\"", to the byte.
bool is_usual_type(std::string_view type) {
  constexpr std::string_view kBegin = "application/soap+xml; charset=utf-8; action=\"";
  return type.starts_with(kBegin) && type.size() > kBegin.size() &&
         type.find('"', kBegin.size()) == type.size() - 1;
}

bool names_its_port(const VirtualDeviceConfig& config, std::string_view host) {
  const bool v6 = contains(config.address, ":");
  const auto address = v6 ? fmt::format("[{}]", config.address) : config.address;
  constexpr std::uint16_t kHttp = 80;  // must not be named
  return host == (config.onvif_port == kHttp ? address : fmt::format("{}:{}", address, config.onvif_port));
}

// What an operation fails by.
enum class Lack : std::uint8_t { kUnknown, kOptional, kArgument, kPage };

SoapReply reply_of(Lack lack) {
  switch (lack) {
    case Lack::kUnknown:
      break;
    case Lack::kOptional:
      return fault_reply({Blame::kReceiver, "ter:ActionNotSupported", {}, "Optional action not implemented"});
    case Lack::kArgument:
      return fault_reply({Blame::kSender, "ter:InvalidArgVal", {}, "an argument that is not taken"});
    case Lack::kPage:
      return page();
  }
  return fault_reply(
      {Blame::kSender, "ter:ActionNotSupported", {}, "this device does not know the operation"});
}

// Operations whose name holds `operation` fail where the request holds `argument`.
struct Failing {
  int quirk;
  std::string_view operation, argument;
  Lack lack;
};
constexpr Failing kFailing[] = {
    {62, "tds:GetServices", "", Lack::kUnknown},
    {63, "tds:GetServices", ">false<", Lack::kArgument},
    {69, "trt:", "", Lack::kUnknown},
    {70, "tr2:", "", Lack::kPage},
    {71, "tr2:GetProfiles", ">VideoEncoder<", Lack::kArgument},
    {73, "trt:GetVideoSources", "", Lack::kOptional},
    {76, ":GetSnapshotUri", "", Lack::kOptional},
    {83, "tr2:GetStreamUri", ">RTSP<", Lack::kArgument},
};

}  // namespace

std::optional<SoapReply> refuse_form(const VirtualDeviceConfig& config, const SoapRequest& request) {
  const auto has = [&](int quirk) { return config.quirks.contains(quirk); };
  const bool action = contains(request.content_type, "action=");
  if (has(29) && !request.content_type.starts_with("text/xml")) return nothing();
  if (has(30) && !action) return fault_reply({Blame::kSender, {}, {}, "no action"});
  if (has(31) && action)
    return fault_reply({Blame::kSender, {}, {}, "The [action] cannot be processed at the receiver"});
  if (has(32) && !is_usual_type(request.content_type)) return page();
  if (has(34) && request.chunked) return page();
  if (has(43) && !names_its_port(config, request.host)) return plain_reply(400, "no such host\n");
  if (has(54) && count(request.body, "Security>") > 1)
    return fault_reply({Blame::kSender, "ter:InvalidArgVal", {}, "more than one Security header"});
  return std::nullopt;
}

std::optional<SoapReply> refuse_operation(const VirtualDeviceConfig& config, const SoapRequest& request,
                                          std::string_view operation) {
  const bool media = operation.starts_with("trt:") || operation.starts_with("tr2:");
  if (config.quirks.contains(55) &&
      (contains(request.body, "mustUnderstand") || (media && contains(request.body, "UsernameToken"))))
    return must_understand();
  for (const auto& failing : kFailing)
    if (config.quirks.contains(failing.quirk) && contains(operation, failing.operation) &&
        contains(request.body, failing.argument))
      return reply_of(failing.lack);
  return std::nullopt;
}

}  // namespace camctl::onvif
