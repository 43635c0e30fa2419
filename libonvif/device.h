// Asking a device who it is and where its streams are: the order of calls of onvif-notes.md section G.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/tls.h"

namespace camctl::onvif {

struct VideoSettings {
  std::string codec;  // "h264", "h265", "mjpeg", …
  unsigned width = 0, height = 0;
  double fps = 0;
  unsigned bitrate_kbps = 0, gop = 0;
};
struct AudioSettings {
  std::string codec;  // "aac", "g711", …
  unsigned sample_rate = 0, channels = 0;
};
struct Profile {
  std::string token, name, source_token;
  std::string rtsp_url, snapshot_url;  // hosts rewritten, without credentials; empty where the device failed
  std::string rtsp_url_original;       // as the device said, credentials removed; empty if the same
  std::string error;                   // why the stream URI is missing
  std::optional<VideoSettings> video;
  std::optional<AudioSettings> audio;
};

// Everything `discover` learns of one device.
struct DeviceDescription {
  std::string onvif_url;  // the service address that answered
  std::string endpoint, name, manufacturer, model, firmware, serial, hardware, mac;
  std::string tls_pin;                        // the key of its https that nobody vouches for; else empty
  std::string auth_scheme;                    // "none", "wsse", "digest/md5", "digest/sha-256"
  std::chrono::milliseconds clock_offset{0};  // device minus ours
  bool ptz = false, events = false, media2 = false;
  std::vector<Profile> profiles;
  std::vector<int> quirks;            // numbers of onvif-notes.md, ascending
  std::vector<std::string> warnings;  // steps that failed without being fatal
};

struct DeviceTarget {
  std::vector<std::string> xaddrs;  // candidates, best first; or one made of host and port
  std::string ip;                   // the address that we reached it at, for rewriting (quirk 79)
  std::string endpoint, name, mac;  // as the scan knows them
  std::vector<int> quirks = {};     // that it showed there
};

struct InterrogateOptions {
  Credentials credentials;
  std::chrono::milliseconds connect_timeout{4000}, call_timeout{10'000};
  std::chrono::milliseconds total_timeout{30'000};
  bool verify_tls = false;   // quirk 40
  bool allow_plain = false;  // the password itself may be sent where its digest is refused (quirk 56)
  std::string interface;     // to send from; empty: as the system routes
  std::optional<tls::KeyPin> tls_pin = {};                  // as in HttpOptions
  std::function<void(const tls::KeyPin&)> unverified = {};  // the same
};

// Blocks. One request at a time to this device. Stops at the first refusal of the credentials (quirk 57).
// kAuth, kTimeout, kNetwork, kProtocol; the message names the device. Thread-safe: no shared state.
Result<DeviceDescription> interrogate(const DeviceTarget& target, const InterrogateOptions& options,
                                      std::stop_token stop = {});

}  // namespace camctl::onvif
