// Addresses that devices report, made usable: hosts as we reach them, schemes that we speak, no credentials.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/url.h"
#include "libonvif/messages.h"

namespace camctl::onvif {

// A device's service address (XAddr), trimmed, with a double port mended (quirk 67). http and https only.
Result<Url> parse_service_url(std::string_view reported, Quirks& quirks);

// Whether the device names the port that we reached it at nowhere: a NAT stands between.
bool ports_are_translated(const std::vector<Service>& services, const Url& reached);

// `services` with every address on the host that we reached the device at (quirks 12, 67), and on its port
// too where the device names that port nowhere (NAT). Unusable ones and namespaces of vendors are left out
// (quirk 64). A scheme that can't be, at the port that we use, is corrected.
struct ServiceUrl {
  std::string ns;
  Url url;
};
std::vector<ServiceUrl> usable_services(const std::vector<Service>& services, const Url& reached,
                                        Quirks& quirks);

// An address that the device reports, on the host that we reached it at; on its port, too, where the device's
// ports are `translated`.
Url on_reached_host(Url reported, const Url& reached, bool translated);

// A stream or snapshot URI of a device. Credentials are cut off; path and query stay byte for byte, except
// for a second layer of XML escapes and for spaces (quirks 77, 80, 81). The host becomes `reached_host`, the
// port stays (quirk 79). rtsp, rtsps, http and https only: kProtocol for anything else.
struct MediaUrl {
  std::string url;
  std::string original;  // as reported, without credentials; empty if the same
};
Result<MediaUrl> usable_media_url(std::string_view reported, std::string_view reached_host, Quirks& quirks);

}  // namespace camctl::onvif
