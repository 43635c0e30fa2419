// WS-Discovery for all cameras of the process: Hello, Bye, and answers to Probe and Resolve.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "libonvif/virtual_device.h"

namespace camctl::simulate {

// One socket hears the group 239.255.255.250:3702 for every camera; each camera has one of its own at
// ADDRESS:3702, from which its messages go out and which takes unicast probes (quirk 23). IPv4 only.
// All calls on the loop's thread.
class DiscoveryResponder {
 public:
  // `interface_index` is the interface whose multicast is heard; `devices` must outlive this object. kIo
  // with address and port when a socket can't be had, kUsage for an IPv6 address.
  static Result<std::unique_ptr<DiscoveryResponder>> start(EventLoop& loop, unsigned interface_index,
                                                           std::vector<const onvif::VirtualDevice*> devices);
  ~DiscoveryResponder();

  // Sends every device's Hello, in batches while the loop runs.
  void announce();
  // Sends every device's Bye now.
  void farewell();
  // The same of one; between its Bye and its Hello it answers nobody.
  void announce(std::size_t device);
  void farewell(std::size_t device);

 private:
  struct Impl;
  explicit DiscoveryResponder(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the receives that are under way
};

}  // namespace camctl::simulate
