// What an answer to the unauthenticated GetSystemDateAndTime tells (ONVIF Device Service §8.3.5).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camctl::onvif::discovery {

// The request body; it never carries credentials (quirk 61).
std::string_view date_request();
inline constexpr std::string_view kDateAction = "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime";

enum class Verdict : std::uint8_t {
  kNone,        // no ONVIF service here
  kOnvif,       // it answered the call
  kOnvifFault,  // a SOAP fault that names ONVIF: a service, though not of this call
  kOnvifAuth,   // a SOAP fault that asks for credentials (quirk 45)
  kWebAuth,     // a web server asks for credentials: ONVIF, or any web page (quirk 28)
};

struct DateReply {
  Verdict verdict = Verdict::kNone;
  std::optional<std::chrono::system_clock::time_point> utc;  // the device's clock, where it told it
};

// Judges by content, whatever status and content type say (quirks 26 to 28). Never fails.
DateReply read_date_reply(long http_status, std::string_view body);

}  // namespace camctl::onvif::discovery
