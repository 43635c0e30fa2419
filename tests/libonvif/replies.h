// Envelopes for tests of replies.
#pragma once

#include <string>

namespace camctl::onvif {

inline std::string envelope(const std::string& body) {
  return R"(<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope")"
         R"( xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl")"
         R"( xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema">)"
         "<s:Body>" +
         body + "</s:Body></s:Envelope>";
}

}  // namespace camctl::onvif
