// Replies of virtual devices that no service wrote. Internal.
#pragma once

#include <string>

#include "libonvif/soap/server.h"
#include "libonvif/virtual_device.h"

namespace camctl::onvif {

inline SoapReply plain_reply(int status, std::string text) {
  SoapReply reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(text);
  return reply;
}

// With the status that the blame has in SOAP 1.2 Part 2 §7.5.2.2.
inline SoapReply fault_reply(const SoapFault& fault) {
  SoapReply reply;
  reply.status = fault.blame == Blame::kSender ? 400 : 500;
  reply.body = write_fault(fault);
  return reply;
}

}  // namespace camctl::onvif
