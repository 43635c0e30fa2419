#include "apps/device/picture.h"

#include "base/url.h"
#include "libonvif/snapshot.h"

namespace camctl::device {
namespace {

// Credentials and a key's pin are of the host that they belong to, whatever the file of cameras says of its
// pictures.
Result<std::string> fetch(const std::string& address, const std::string& host, const Device& device,
                          onvif::InterrogateOptions how, const std::stop_token& stop) {
  const auto url = Url::parse(address);
  if (!url) return fail(url.error());
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorCode::kUnsupported, "snapshots come by http or https, not by " + url->scheme);
  const bool own = url->host == host;
  how.credentials = own ? device.credentials : Credentials{};
  how.tls_pin = own ? device.tls_pin : std::nullopt;
  return onvif::fetch_snapshot(*url, how, stop);
}

}  // namespace

Result<std::string> known_picture(const Device& device, const onvif::InterrogateOptions& how,
                                  const std::stop_token& stop) {
  if (device.snapshot_url.empty())
    return fail(ErrorCode::kNotFound, device.id + " has no address for snapshots");
  return fetch(device.snapshot_url, device.request.target.ip, device, how, stop);
}

Result<std::string> asked_picture(const Device& device, onvif::DeviceSession& session,
                                  const std::vector<std::string>& profiles,
                                  const onvif::InterrogateOptions& how, const std::stop_token& stop) {
  const auto url = onvif::snapshot_uri(session, profiles);
  if (!url) {
    Error error = url.error();
    if (error.code == ErrorCode::kUnsupported)
      error.hint = "camctl serve makes pictures of the stream: /api/cameras/{id}/snapshot.jpg";
    return fail(error);
  }
  return fetch(url->url, session.url().host, device, how, stop);
}

}  // namespace camctl::device
