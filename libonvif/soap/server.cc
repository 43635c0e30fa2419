#include "libonvif/soap/server.h"

#include <fmt/format.h>
#include <soapH.h>

#include <ostream>

#include "libonvif/soap/xml_text.h"

namespace camctl::onvif {

namespace {

// SOAP 1.2 §5.4.6
std::string_view code_of(Blame blame) {
  return blame == Blame::kSender ? "Sender" : blame == Blame::kReceiver ? "Receiver" : "MustUnderstand";
}

}  // namespace

std::optional<ReceivedToken> username_token(const SoapContext& context) {
  const auto* header = context.get()->header;
  if (!header || !header->wsse__Security || !header->wsse__Security->UsernameToken) return std::nullopt;
  const auto& token = *header->wsse__Security->UsernameToken;
  ReceivedToken result;
  result.username = token.Username.value_or("");
  if (token.Password) {
    result.password = token.Password->__item;
    result.password_type = token.Password->Type.value_or("");
  }
  if (token.Nonce) result.nonce_base64 = token.Nonce->__item;
  result.created = token.wsu__Created.value_or("");
  return result;
}

std::string write_fault(const SoapFault& fault) {
  std::string subcode;
  if (!fault.subcode.empty()) {
    std::string inner;
    if (!fault.inner_subcode.empty())
      inner = fmt::format("<s:Subcode><s:Value>{}</s:Value></s:Subcode>", escape_xml(fault.inner_subcode));
    subcode = fmt::format("<s:Subcode><s:Value>{}</s:Value>{}</s:Subcode>", escape_xml(fault.subcode), inner);
  }
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?>)"
      "\n"
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error">)"
      R"(<s:Body><s:Fault><s:Code><s:Value>s:{}</s:Value>{}</s:Code>)"
      R"(<s:Reason><s:Text xml:lang="en">{}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>)",
      code_of(fault.blame), subcode, escape_xml(fault.reason));
}

int dispatch(SoapContext& context, const std::vector<std::function<int()>>& services) {
  context.write_to_memory();
  *context.get()->os << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";  // gSOAP leaves it out of plain XML
  int status = SOAP_NO_METHOD;
  for (const auto& service : services) {
    status = service();
    if (status != SOAP_NO_METHOD) break;
  }
  return status;
}

}  // namespace camctl::onvif
