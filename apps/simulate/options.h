// The command line of `camctl simulate`.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "apps/simulate/virtual_media.h"
#include "base/digest_auth.h"
#include "base/media/stream_info.h"
#include "libonvif/virtual_device.h"
#include "libonvif/virtual_device_models.h"

namespace camctl::simulate {

struct Options {
  unsigned count = 1;
  std::string address = "127.0.0.2";  // of the first camera; the others follow
  std::uint16_t onvif_port = 8000, rtsp_port = 5543;
  bool rtsps = false;                                // RTSP inside TLS
  bool https = false;                                // the same of ONVIF and snapshots
  std::string name = "Camera";                       // followed by the camera's number
  std::vector<onvif::VirtualAuth> auth;              // given to the cameras in turn; none: kNone
  std::vector<std::vector<DigestAlgorithm>> digest;  // the same; none: MD5
  apps::CredentialOptions credentials;
  media::Codec video = media::Codec::kH264, audio = media::Codec::kAac;
  std::string file;  // instead of a moving picture
  std::chrono::seconds clock_skew{0};
  bool nat = false;
  std::set<int> quirks;                           // of virtual_quirks(); those of the model are among them
  const onvif::VirtualModel* model = nullptr;     // of virtual_models()
  bool list_quirks = false, list_models = false;  // tell them, and end
  std::chrono::milliseconds latency{0};           // before each HTTP reply
  bool discovery = true;                          // WS-Discovery
  MediaFaults faults;
};

inline constexpr unsigned kMaxCount = 4000;  // three sockets each; a process may have 20,000

// The word of --auth.
const char* auth_name(onvif::VirtualAuth auth);

// Declares the options on `app`; they are filled in when it parses.
void add_options(CLI::App& app, Options& options);

}  // namespace camctl::simulate
