// Who made a network interface, by its hardware address.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace camctl::onvif::discovery {

// Looks vendors up in the registries of IEEE as Debian's package ieee-data installs them. Not thread-safe.
class MacVendors {
 public:
  explicit MacVendors(std::string folder = "/usr/share/ieee-data");

  // The organisation that "aa:bb:cc:dd:ee:ff" was assigned to; empty if it is not known, the address is a
  // locally administered one, or the package is not installed. The first call for a vendor reads up to 4 MB
  // (some ms), further ones nothing.
  std::string find(std::string_view mac);

 private:
  std::string folder_;
  std::map<std::string, std::string, std::less<>> known_;  // by prefix
};

// The organisation in a line of those registries whose assignment is `prefix` ("286FB9", upper case); empty
// if the line is about another.
std::string vendor_in_line(std::string_view line, std::string_view prefix);

}  // namespace camctl::onvif::discovery
