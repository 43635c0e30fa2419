// Writing the Body of a request. Only for the files beside it.
#pragma once

#include <soapH.h>

#include <string>
#include <string_view>

#include "libonvif/soap/context.h"

namespace camctl::onvif {

// `tag` is the element with its prefix of the project's namespace table.
template <class Body>
std::string write_body(SoapContext& context, const Body& body, const char* tag) {
  context.write_to_memory();
  struct soap* s = context.get();
  soap_begin_send(s);
  body.soap_serialize(s);
  body.soap_put(s, tag, "");
  soap_end_send(s);
  return context.take();
}

template <class Body>
std::string write_empty_body(const char* tag) {
  SoapContext context;
  return write_body(context, Body{}, tag);
}

template <class Body>
std::string write_profile_body(std::string_view token, const char* tag) {
  SoapContext context;
  Body body;
  body.ProfileToken = std::string(token);
  return write_body(context, body, tag);
}

}  // namespace camctl::onvif
