// The device side of ONVIF: what `camctl simulate` shows to clients. No sockets here: requests in, replies
// out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
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
  unsigned audio_sample_rate = 0;
};

// Which credentials a virtual device asks for; kDigest and kBoth name HTTP Digest and WS-UsernameToken.
enum class VirtualAuth : std::uint8_t { kNone, kWsse, kDigest, kBoth };

struct VirtualDeviceConfig {
  std::string endpoint;  // "urn:uuid:…"
  std::string name, manufacturer = "camctl", model = "simulate", firmware, serial, hardware_id, location;
  std::string address;  // its IP
  std::string mac;
  std::uint16_t onvif_port = 8000, rtsp_port = 5543;
  std::vector<VirtualProfile> profiles;
  VirtualAuth auth = VirtualAuth::kNone;
  std::vector<DigestAlgorithm> digest;
  Credentials credentials;
  std::chrono::seconds clock_skew{0};  // added to its clock
  bool nat = false;                    // wrong hosts in XAddrs and stream URIs (quirks 12, 79)
  bool malformed = false;              // replies as badly formed as real devices' (quirks 35-39)
};

struct SoapRequest {
  std::string_view method, target, content_type, authorization, body;
};
struct SoapReply {
  int status = 200;
  std::string content_type = "application/soap+xml; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;  // WWW-Authenticate
  std::string body;
};

class VirtualDevice {
 public:
  explicit VirtualDevice(VirtualDeviceConfig config);
  ~VirtualDevice();

  // Answers one SOAP request: never throws, whatever it is given.
  SoapReply handle(const SoapRequest& request);

  // WS-Discovery messages of this device. `probe_matches` is empty if the datagram is no probe for it.
  std::string hello() const;
  std::string bye() const;
  std::string probe_matches(std::string_view datagram) const;

  const VirtualDeviceConfig& config() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::onvif
