// The device side of ONVIF: what `camctl simulate` shows to clients. No sockets here: requests in, replies
// out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest_auth.h"
#include "base/media/stream_info.h"
#include "base/secret.h"

namespace camctl::onvif {

struct VirtualProfile {
  std::string token, name;
  std::string rtsp_path;  // "/live/channel0"
  media::Codec video = media::Codec::kH264;
  std::uint16_t width = 0, height = 0;
  unsigned fps = 0, bitrate_kbps = 0, gop = 0;
  media::Codec audio = media::Codec::kUnknown;  // kUnknown: no audio
  unsigned audio_sample_rate = 0, audio_bitrate_kbps = 0;
  std::string source = "VideoSource_1";  // the token of its video source; a recorder has many
};

// Which credentials a virtual device asks for: WS-UsernameToken in the message (ONVIF Core §5.9.1), HTTP
// Digest, or either of them.
enum class VirtualAuth : std::uint8_t { kNone, kWsse, kDigest, kBoth };

// The quirks of onvif-notes.md that a virtual device can show; what `camctl simulate --malformed` takes.
// One request shows all that are chosen, and every reply stays readable for a lenient client.
//   26 text/html as the type   27 faults with HTTP 200    28 an HTML page in place of an authentication fault
//   35 wrong namespaces        36 unbound prefixes        37 broken XML around a sound envelope
//   38 the request's Security header sent back            39 values and elements outside the schema
// and beside the stream
//   86 says that it has no pull points                    87 subscriptions are named by a reference parameter
//   88 their addresses have a wrong host                  89 they cannot be renewed
//   90 nonsense in the times of events                    91 events want WS-Addressing, PTZ's Stop fails by
//   it 92 the event service is not listed                    93 no time-outs of moves, and Stop fails 94 no
//   zoom, and every move that names it fails
const std::set<int>& virtual_device_quirks();
// Those of them that are about the form of replies: what `--malformed` alone stands for.
const std::set<int>& malformed_quirks();

struct VirtualDeviceConfig {
  std::string endpoint;  // "urn:uuid:…"
  std::string name, manufacturer = "camctl", model = "simulate", firmware, serial, hardware_id, location;
  std::string address;  // its IP
  std::string mac;      // "02:00:5e:…"
  std::string interface = "eth0";
  std::uint16_t onvif_port = 8000, rtsp_port = 5543;
  bool rtsps = false;  // stream URIs are rtsps://
  bool https = false;  // its own addresses are https://
  std::vector<VirtualProfile> profiles;
  VirtualAuth auth = VirtualAuth::kNone;
  std::vector<DigestAlgorithm> digest{DigestAlgorithm::kMd5};
  Credentials credentials;
  std::chrono::seconds clock_skew{0};              // added to its clock
  bool ptz = true, events = true, imaging = true;  // which of these services it has
  std::chrono::seconds motion_rhythm{5};           // its motion alarm toggles so often
  bool nat = false;                                // wrong hosts in XAddrs and stream URIs (quirks 12, 79)
  std::set<int> quirks;                            // of virtual_quirks() (virtual_device_quirks.h)
  // Called when a client makes it reboot; the reply goes out first.
  std::function<void()> on_reboot;
  // Called for each request with credentials that it refuses: the scheme, "wsse", "plain" or "digest".
  std::function<void(std::string_view scheme)> on_refusal;
  // The time that clock_skew is added to; tests set it.
  std::function<std::chrono::system_clock::time_point()> clock = std::chrono::system_clock::now;
};

// The host that a device with `nat` names instead of its own (RFC 5737, an address that leads nowhere).
inline constexpr std::string_view kNatHost = "192.0.2.1";

// Where a device's services are, below http://address:port. The second is for devices with quirk 25.
inline constexpr std::string_view kDevicePath = "/onvif/device_service";
inline constexpr std::string_view kServicesPath = "/onvif/services";
inline constexpr std::string_view kMediaPath = "/onvif/media_service";
inline constexpr std::string_view kMedia2Path = "/onvif/media2_service";
inline constexpr std::string_view kEventsPath = "/onvif/event_service";
inline constexpr std::string_view kSubscriptionPath = "/onvif/subscription/";  // and its number
inline constexpr std::string_view kPtzPath = "/onvif/ptz_service";
inline constexpr std::string_view kImagingPath = "/onvif/imaging_service";
inline constexpr std::string_view kSnapshotPath = "/snapshot.jpg";  // ?profile=TOKEN

struct SoapRequest {
  std::string_view method, target, content_type, authorization, body;
  std::string_view host = {};  // the Host header
  bool chunked = false;        // the body came without a length
};
struct SoapReply {
  int status = 200;  // 0: the connection is closed without a word
  std::string content_type = "application/soap+xml; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;  // WWW-Authenticate
  std::string body;
  bool chunked = false;   // sent without a length (quirk 34)
  bool hangs_up = false;  // the connection is closed behind it unannounced (quirk 33)
  // Where it is not due yet (PullMessages waits for events) all else is empty: wait so long, then ask this.
  std::chrono::milliseconds after{0};
  std::function<SoapReply()> later = {};
};

struct DiscoveryQuery;

// What a device sends for a query, one datagram after the other.
struct DiscoveryAnswer {
  std::vector<std::string> datagrams;  // none: it stays silent
  std::chrono::milliseconds delay{0};  // before the first
};

// One device. Not thread-safe.
class VirtualDevice {
 public:
  explicit VirtualDevice(VirtualDeviceConfig config);
  ~VirtualDevice();

  // Answers one SOAP request, on whichever service path it came: the operation's namespace decides (quirk
  // 66). Never throws, whatever it is given.
  SoapReply handle(const SoapRequest& request);

  // For what is fetched by plain HTTP (a snapshot): nothing where the request may pass, else the 401. HTTP
  // Digest is the scheme there, also on a device that takes WS-UsernameToken for SOAP.
  std::optional<SoapReply> refuse(const SoapRequest& request);

  // What a reboot does: settings stay, subscriptions are gone, WS-Discovery counts anew.
  void restart();

  // WS-Discovery messages of this device.
  std::string hello() const;
  std::string bye() const;
  // The ProbeMatches or ResolveMatches for a query that came by multicast or to the device alone; nothing if
  // it asks for somebody else.
  DiscoveryAnswer answer(const DiscoveryQuery& query, bool multicast) const;
  // The text of that for a datagram; empty also if that is neither Probe nor Resolve.
  std::string probe_matches(std::string_view datagram) const;

  const VirtualDeviceConfig& config() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::onvif
