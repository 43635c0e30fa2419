#include "libonvif/messages.h"
#include "libonvif/soap/request_writer.h"

namespace camctl::onvif {

Request get_system_date_and_time() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime",
          write_empty_body<_tds__GetSystemDateAndTime>("tds:GetSystemDateAndTime")};
}

Request get_device_information() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetDeviceInformation",
          write_empty_body<_tds__GetDeviceInformation>("tds:GetDeviceInformation")};
}

Request get_services(bool include_capability) {
  SoapContext context;
  _tds__GetServices body;
  body.IncludeCapability = include_capability ? "true" : "false";
  return {"http://www.onvif.org/ver10/device/wsdl/GetServices", write_body(context, body, "tds:GetServices")};
}

Request get_capabilities() {
  SoapContext context;
  _tds__GetCapabilities body;
  body.Category.emplace_back("All");
  return {"http://www.onvif.org/ver10/device/wsdl/GetCapabilities",
          write_body(context, body, "tds:GetCapabilities")};
}

Request get_scopes() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetScopes",
          write_empty_body<_tds__GetScopes>("tds:GetScopes")};
}

Request get_network_interfaces() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetNetworkInterfaces",
          write_empty_body<_tds__GetNetworkInterfaces>("tds:GetNetworkInterfaces")};
}

Request get_endpoint_reference() {
  return {"http://www.onvif.org/ver10/device/wsdl/GetEndpointReference",
          write_empty_body<_tds__GetEndpointReference>("tds:GetEndpointReference")};
}

Request get_profiles_1() {
  return {"http://www.onvif.org/ver10/media/wsdl/GetProfiles",
          write_empty_body<_trt__GetProfiles>("trt:GetProfiles")};
}

Request get_stream_uri_1(std::string_view profile_token) {
  SoapContext context;
  tt__Transport transport;
  transport.Protocol = "RTSP";  // quirk 83
  tt__StreamSetup setup;
  setup.Stream = "RTP-Unicast";
  setup.Transport = &transport;
  _trt__GetStreamUri body;
  body.StreamSetup = &setup;
  body.ProfileToken = std::string(profile_token);
  return {"http://www.onvif.org/ver10/media/wsdl/GetStreamUri",
          write_body(context, body, "trt:GetStreamUri")};
}

Request get_snapshot_uri_1(std::string_view profile_token) {
  return {"http://www.onvif.org/ver10/media/wsdl/GetSnapshotUri",
          write_profile_body<_trt__GetSnapshotUri>(profile_token, "trt:GetSnapshotUri")};
}

Request get_profiles_2(const std::vector<std::string>& types) {
  SoapContext context;
  _tr2__GetProfiles body;
  body.Type = types;
  return {"http://www.onvif.org/ver20/media/wsdl/GetProfiles", write_body(context, body, "tr2:GetProfiles")};
}

Request get_stream_uri_2(std::string_view profile_token, std::string_view protocol) {
  SoapContext context;
  _tr2__GetStreamUri body;
  body.Protocol = std::string(protocol);
  body.ProfileToken = std::string(profile_token);
  return {"http://www.onvif.org/ver20/media/wsdl/GetStreamUri",
          write_body(context, body, "tr2:GetStreamUri")};
}

Request get_snapshot_uri_2(std::string_view profile_token) {
  return {"http://www.onvif.org/ver20/media/wsdl/GetSnapshotUri",
          write_profile_body<_tr2__GetSnapshotUri>(profile_token, "tr2:GetSnapshotUri")};
}

std::string make_envelope(SoapVersion version, std::string_view header, std::string_view body) {
  const std::string_view ns = version == SoapVersion::k12 ? "http://www.w3.org/2003/05/soap-envelope"
                                                          : "http://schemas.xmlsoap.org/soap/envelope/";
  std::string text = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  text.append("\n<s:Envelope xmlns:s=\"").append(ns).append("\">");
  if (!header.empty()) text.append("<s:Header>").append(header).append("</s:Header>");
  return text.append("<s:Body>").append(body).append("</s:Body></s:Envelope>");
}

}  // namespace camctl::onvif
