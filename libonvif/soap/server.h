// Answering SOAP requests in memory: the way from a request's bytes to a reply's, for the virtual devices.
//
//   class DeviceService : public DeviceBindingService {   // generated; #include <soapDeviceBindingService.h>
//    public:
//     using DeviceBindingService::DeviceBindingService;    // the one that takes struct soap* shares a
//     context DeviceBindingService* copy() override { return new DeviceService(*this); } int
//     GetHostname(_tds__GetHostname*, _tds__GetHostnameResponse& reply) override {
//       reply.HostnameInformation = soap_new_tt__HostnameInformation(soap);  // freed with the context
//       reply.HostnameInformation->Name = "camera";                          // optional strings:
//       std::optional return SOAP_OK;
//     }
//     …
//   };
//
//   SoapContext context;
//   if (!open_envelope(context, request)) return write_fault({Blame::kSender, "ter:WellFormed", "", …});
//   body_element(context)               -> "tds:GetHostname": decides whether credentials are needed
//   username_token(context)             -> the WS-Security header, if there is one
//   DeviceService device(context.get()); MediaService media(context.get());
//   int status = dispatch(context, {[&] { return device.dispatch(); }, [&] { return media.dispatch(); }});
//   status == 0: context.take() is the reply. Otherwise: write_fault(). No HTTP is read or written.
//
// A request pointer may be null and any of its members may be absent: every element of wsdl/ is optional.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libonvif/soap/context.h"

namespace camctl::onvif {

// WS-UsernameToken of a request, as sent.
struct ReceivedToken {
  std::string username, password, password_type, nonce_base64, created;
};
std::optional<ReceivedToken> username_token(const SoapContext& context);

enum class Blame { kSender, kReceiver, kHeader };
// A SOAP 1.2 fault (ONVIF Core §5.9.2): subcode "ter:NotAuthorized", and "ter:NoProfile" inside of it.
struct SoapFault {
  Blame blame = Blame::kSender;
  std::string subcode, inner_subcode, reason;
};
// The whole envelope as text. Needs no state of the context: it may be called after any failure.
std::string write_fault(const SoapFault& fault);

// Offers the opened request to each service until one knows its operation, which then writes its reply.
// 0, or gSOAP's error code (SOAP_NO_METHOD where none does).
int dispatch(SoapContext& context, const std::vector<std::function<int()>>& services);

}  // namespace camctl::onvif
