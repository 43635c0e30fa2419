// The SOAP messages of `discover` as plain values: requests out, replies in. No network, no state.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace camctl::onvif {

// Numbers of onvif-notes.md that a device showed.
using Quirks = std::set<int>;

// Bounds on what one reply may bring.
inline constexpr std::size_t kMaxReplyBytes = 2u << 20;  // GetProfiles of a 64-channel recorder is 500 KB
inline constexpr std::size_t kMaxProfiles = 512;         // two for each channel of the largest recorders
inline constexpr std::size_t kMaxListed = 128;           // services, scopes, interfaces: a device has 30

// ---- Requests: an operation's SOAP action (for Content-Type or SOAPAction) and the Body's content.

struct Request {
  std::string_view action;
  std::string body;
  std::string headers = {};  // elements of the SOAP header besides Security
};
Request get_system_date_and_time();
Request get_device_information();
Request get_services(bool include_capability);
Request get_capabilities();
Request get_scopes();
Request get_network_interfaces();
Request get_endpoint_reference();
Request get_profiles_1();
Request get_stream_uri_1(std::string_view profile_token);
Request get_snapshot_uri_1(std::string_view profile_token);
// `types`: "VideoSource", "VideoEncoder", …, "All"; none asks for profiles without configurations (quirk 71).
Request get_profiles_2(const std::vector<std::string>& types);
Request get_stream_uri_2(std::string_view profile_token, std::string_view protocol);  // quirk 83
Request get_snapshot_uri_2(std::string_view profile_token);

enum class SoapVersion { k11, k12 };
// Envelope, Header with `header` (or none) and Body with `body`.
std::string make_envelope(SoapVersion version, std::string_view header, std::string_view body);

// ---- Faults

// SOAP 1.1 or 1.2. Codes without their prefix, outermost subcode first: {"InvalidArgVal", "NoProfile"}.
struct Fault {
  std::string code;
  std::vector<std::string> subcodes;
  std::string reason;

  bool has_subcode(std::string_view local_name) const;
  // "NoProfile: no such profile", for an error's text.
  std::string to_string() const;
};
// The fault in `reply`, however badly it is formed; nothing if it is none.
std::optional<Fault> find_fault(std::string_view reply);
// Whether it speaks of missing or refused credentials, by its codes or by words (quirk 58).
bool is_auth_fault(const Fault& fault);
// The same by its codes only.
bool has_auth_code(const Fault& fault);

// ---- Replies. Each reads strictly first; only where that fails, or where what matters is missing, the reply
// is repaired (onvif-notes.md section F) and read again, and `quirks` says so. kProtocol if it is still not
// the reply; never fails on single bad values. All texts are UTF-8.

struct DeviceClock {
  std::optional<std::chrono::system_clock::time_point> utc;  // from UTCDateTime, else LocalDateTime and TZ
  bool from_local = false;                                   // quirk 47
  std::string source, zone;  // "Manual" or "NTP", and the time zone as the device writes it (quirk 48)
};
Result<DeviceClock> read_system_date_and_time(std::string_view reply, Quirks& quirks);

struct DeviceInformation {
  std::string manufacturer, model, firmware, serial, hardware;
};
Result<DeviceInformation> read_device_information(std::string_view reply, Quirks& quirks);

// A service and its address as reported.
struct Service {
  std::string ns, xaddr;
};
Result<std::vector<Service>> read_services(std::string_view reply, Quirks& quirks);
Result<std::vector<Service>> read_capabilities(std::string_view reply, Quirks& quirks);

Result<std::vector<std::string>> read_scopes(std::string_view reply, Quirks& quirks);

struct NetworkInterface {
  std::string mac;  // "00:11:22:aa:bb:cc"
  std::vector<std::string> addresses;
};
Result<std::vector<NetworkInterface>> read_network_interfaces(std::string_view reply, Quirks& quirks);

// "urn:uuid:…", as WS-Discovery has it.
Result<std::string> read_endpoint_reference(std::string_view reply, Quirks& quirks);

// A profile of Media 1 or 2. What the device left out, or wrote as nonsense, is empty or 0.
struct MediaProfile {
  std::string token, name, source_token;
  std::string encoder_token;  // of its video encoder configuration
  bool ptz = false;
  bool has_video = false, has_audio = false;  // an encoder configuration is there
  std::string video_codec, audio_codec;
  unsigned width = 0, height = 0, bitrate_kbps = 0, gop = 0;
  double fps = 0;
  unsigned audio_sample_rate = 0;
};
Result<std::vector<MediaProfile>> read_profiles_1(std::string_view reply, Quirks& quirks);
Result<std::vector<MediaProfile>> read_profiles_2(std::string_view reply, Quirks& quirks);

// The URI as the device wrote it, only trimmed; kProtocol if there is none in it (quirk 78).
Result<std::string> read_stream_uri_1(std::string_view reply, Quirks& quirks);
Result<std::string> read_snapshot_uri_1(std::string_view reply, Quirks& quirks);
Result<std::string> read_stream_uri_2(std::string_view reply, Quirks& quirks);
Result<std::string> read_snapshot_uri_2(std::string_view reply, Quirks& quirks);

// Namespaces of services (ONVIF Core Annex A).
inline constexpr std::string_view kDeviceNs = "http://www.onvif.org/ver10/device/wsdl";
inline constexpr std::string_view kMediaNs = "http://www.onvif.org/ver10/media/wsdl";
inline constexpr std::string_view kMedia2Ns = "http://www.onvif.org/ver20/media/wsdl";
inline constexpr std::string_view kEventsNs = "http://www.onvif.org/ver10/events/wsdl";
inline constexpr std::string_view kPtzNs = "http://www.onvif.org/ver20/ptz/wsdl";
inline constexpr std::string_view kImagingNs = "http://www.onvif.org/ver20/imaging/wsdl";
inline constexpr std::string_view kNotificationNs = "http://docs.oasis-open.org/wsn/b-2";
inline constexpr std::string_view kAddressingNs = "http://www.w3.org/2005/08/addressing";
inline constexpr std::string_view kAnalyticsNs = "http://www.onvif.org/ver20/analytics/wsdl";

}  // namespace camctl::onvif
