// A virtual device for tests, and its replies read by an XML parser that is not the one that wrote them.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "libonvif/virtual_device.h"
#include "libonvif/wsse.h"

namespace camctl::onvif {

inline const std::chrono::system_clock::time_point kTestTime{
    std::chrono::seconds{1'795'377'949}};  // 20:05:49

inline VirtualDeviceConfig test_device(VirtualAuth auth = VirtualAuth::kNone) {
  VirtualDeviceConfig config;
  config.endpoint = "urn:uuid:11111111-2222-8333-8444-555555555555";
  config.name = "Front door";
  config.model = "M<1>";
  config.firmware = "1.2";
  config.serial = "S1";
  config.hardware_id = "H1";
  config.address = "127.0.0.2";
  config.mac = "02:00:00:00:00:01";
  config.auth = auth;
  config.digest = {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256};
  config.credentials = {"admin", Secret("s3cret")};
  config.clock = [] { return kTestTime; };
  config.profiles = {{"P1", "Main", "/live/channel0", media::Codec::kH264, 1920, 1080, 25, 2000, 50,
                      media::Codec::kAac, 16'000, 64},
                     {"P2", "Sub", "/live/channel1", media::Codec::kH264, 640, 360, 12, 500, 24,
                      media::Codec::kUnknown, 0, 0}};
  return config;
}

inline std::string soap(std::string_view body, std::string_view header = {}) {
  return fmt::format(
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{}</s:Header><s:Body>{}</s:Body></s:Envelope>)",
      header, body);
}
inline std::string tds(std::string_view operation, std::string_view content = {}) {
  return fmt::format(R"(<{0} xmlns="http://www.onvif.org/ver10/device/wsdl">{1}</{0}>)", operation, content);
}
inline std::string trt(std::string_view operation, std::string_view content = {}) {
  return fmt::format(R"(<{0} xmlns="http://www.onvif.org/ver10/media/wsdl">{1}</{0}>)", operation, content);
}
inline std::string tr2(std::string_view operation, std::string_view content = {}) {
  return fmt::format(R"(<{0} xmlns="http://www.onvif.org/ver20/media/wsdl">{1}</{0}>)", operation, content);
}

inline SoapReply post(VirtualDevice& device, std::string_view body, std::string_view authorization = {}) {
  return device.handle({"POST", kDevicePath, "application/soap+xml", authorization, body});
}

// A reply as a tree, with prefixes taken off; `text("Body/GetHostnameResponse/…/Name")` and the like.
class Tree {
 public:
  explicit Tree(const std::string& xml) {
    if (document_.load_buffer(xml.data(), xml.size())) strip(document_.document_element());
  }
  std::string text(const char* path) const { return node(path).text().get(); }
  pugi::xml_node node(const char* path) const {
    return document_.document_element().first_element_by_path(path);
  }
  // The code and subcodes of a fault without prefixes: "Sender NotAuthorized".
  std::string fault() const {
    std::string out;
    for (auto code = node("Body/Fault/Code"); code; code = code.child("Subcode")) {
      const std::string value = code.child_value("Value");
      out += (out.empty() ? "" : " ") + value.substr(value.find(':') + 1);
    }
    return out;
  }

 private:
  static void strip(pugi::xml_node node) {
    const std::string name = node.name();
    node.set_name(name.substr(name.find(':') + 1).c_str());
    for (auto child : node.children())
      if (child.type() == pugi::node_element) strip(child);
  }
  pugi::xml_document document_;
};

}  // namespace camctl::onvif
