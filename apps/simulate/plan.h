// Which cameras there will be: their addresses, names and profiles.
#pragma once

#include <vector>

#include "apps/simulate/options.h"
#include "base/result.h"
#include "libonvif/virtual_device.h"

namespace camctl::simulate {

// Cameras beyond these share the pictures of the first ones: each takes a second to encode and 2.5 MB to
// keep.
inline constexpr unsigned kNamedPictures = 16;

// One camera to be.
struct CameraPlan {
  onvif::VirtualDeviceConfig device;     // what its profiles hold is told by the clips where a file is played
  std::vector<PictureOptions> pictures;  // one for each profile
};

// The cameras of a command line, in the order of their addresses. An endpoint, serial number and MAC follow
// from address and port, so that a camera is the same one after a restart. kUsage for a bad address.
Result<std::vector<CameraPlan>> plan_cameras(const Options& options, const Credentials& credentials);

// The index of the interface whose multicast the cameras hear: the one named, else the one that carries the
// address or its network. kUsage where there is none.
Result<unsigned> discovery_interface(const std::string& address, const std::vector<std::string>& named);

}  // namespace camctl::simulate
