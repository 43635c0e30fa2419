// Who may ask a virtual device: HTTP Digest and WS-UsernameToken, and how devices with the quirks 44 to 61
// judge them. Internal.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/digest_auth.h"
#include "libonvif/soap/server.h"
#include "libonvif/virtual_device.h"

namespace camctl::onvif {

// Not thread-safe.
class VirtualLogin {
 public:
  explicit VirtualLogin(const VirtualDeviceConfig& config);

  // Whether the operation ("tds:GetServices") may run. `now` is the device's clock.
  bool admits(const SoapContext& context, const SoapRequest& request, std::string_view operation,
              std::chrono::system_clock::time_point now);
  // Whether a request without SOAP (a snapshot) may: HTTP Digest is the scheme there, whatever SOAP wants.
  bool admits(const SoapRequest& request);
  // Whether HTTP Digest is demanded, so that clients may send requests without a body to be challenged.
  bool asks_for_digest() const;

  // The fault for a SOAP request that was not admitted: 401 with the challenges of HTTP Digest, else a Sender
  // fault with 400 (ONVIF Core §5.9.1).
  SoapReply refusal(const SoapRequest& request);
  // The same for other requests.
  SoapReply challenge(const SoapRequest& request);

 private:
  struct Judged {
    bool given = false, right = false;  // credentials
  };
  bool has(int quirk) const { return config_.quirks.contains(quirk); }
  bool is_open(std::string_view operation) const;
  Judged judge(const SoapContext& context, const SoapRequest& request,
               std::chrono::system_clock::time_point now);
  bool is_right(const ReceivedToken& token, const SoapRequest& request,
                std::chrono::system_clock::time_point now) const;
  AuthServer& digest_of(std::string_view target);
  AuthServer::Verdict check_digest(const SoapRequest& request);
  void add_challenges(SoapReply& reply, const SoapRequest& request);
  void count_refusal(std::string_view scheme);
  std::string reason() const;

  const VirtualDeviceConfig& config_;
  std::map<std::string, AuthServer, std::less<>> digests_;  // by path with quirk 51, else one
  unsigned refusals_ = 0;
};

}  // namespace camctl::onvif
