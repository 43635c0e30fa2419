// Finding devices: WS-Discovery (2005/04) and a TCP sweep, confirmed without credentials.
// Sends probes, connects and the unauthenticated date call, nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/cidr.h"
#include "base/result.h"

namespace camctl::onvif {

// A device as `camctl scan` prints it (interface.md, "scan: a record").
struct FoundDevice {
  std::string ip;                        // the address that answered, with a zone if it is IPv6 link-local
  std::uint16_t port = 0;                // of the ONVIF service
  std::vector<std::string> xaddrs;       // best first (quirks 10-12); repaired
  std::string endpoint;                  // "urn:uuid:…", may be empty
  std::string name, hardware, location;  // from the scopes
  std::vector<std::string> types, scopes;
  std::string mac;     // from the neighbour table, else from scopes; may be empty
  std::string vendor;  // who made it by its MAC address, where ieee-data is installed; may be empty
  std::string interface;
  std::set<std::string> found_by;  // "ws-discovery", "hello", "sweep"
  std::set<std::string> services;  // "onvif", "rtsp"
  std::vector<std::uint16_t> rtsp_ports;
  std::string rtsp_server;       // what its RTSP server calls itself; may be empty
  std::set<int> quirks;          // of onvif-notes.md that it showed while it was found
  std::string status = "ready";  // ready, auth_required, unreachable, wrong_subnet, clock_skew, onvif_off
  std::string reason;
  std::string event;  // with `watch`: found, changed, gone

  friend bool operator==(const FoundDevice&, const FoundDevice&) = default;
};

struct ScanOptions {
  std::chrono::milliseconds wait{2500};  // the window for WS-Discovery answers (quirk 14)
  std::vector<std::string> interfaces;  // empty: every one that is up, lo too; one: nothing leaves by another
  std::vector<Cidr> networks;           // to sweep
  std::vector<std::uint16_t> ports;     // of the sweep; empty: default_sweep_ports()
  unsigned connects_per_second = 5000;
  unsigned jobs = 4096;  // connects in flight; fewer where the process may not have so many descriptors
  bool ws_discovery = true;
  bool watch = false;  // goes on for ever: listens for Hello and Bye, and looks again for each device
  std::chrono::milliseconds look_every{
      30'000};  // a device that lost its power is told to be gone after two looks
  std::chrono::milliseconds total_timeout{0};  // 0: none
};

const std::vector<std::uint16_t>& default_sweep_ports();  // quirk 25

struct ScanProgress {
  std::uint64_t probed = 0, to_probe = 0;  // addresses x ports of the sweep
  std::size_t found = 0;
};

// Blocks until the window is over and the sweep is done, or until `stop`. `found` is called on the calling
// thread once for each device, as soon as it is known for sure; duplicates are merged (quirks 17, 18). With
// `watch` it is called again when a device changes or goes, which a Bye tells, or two looks in vain.
// kCancelled after `stop`; kTimeout after total_timeout; kUsage for interfaces that are not there and
// networks that are too large; kNetwork, kIo.
Result<void> scan(const ScanOptions& options, std::stop_token stop,
                  const std::function<void(const FoundDevice&)>& found,
                  const std::function<void(const ScanProgress&)>& progress = {});

}  // namespace camctl::onvif
