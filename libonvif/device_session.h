// A conversation with one device: the address that answers, its clock, its services, its credentials. What
// interrogate() and each capability (events.h, ptz.h, …) ask through.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "libonvif/device.h"
#include "libonvif/messages.h"
#include "libonvif/service_url.h"
#include "libonvif/soap_client.h"

namespace camctl::onvif {

// One call at a time; not thread-safe. Every call blocks.
class DeviceSession {
 public:
  // What ends calls that are under way; shared with `post`.
  struct CallBounds {
    std::stop_token stop;
    std::chrono::steady_clock::time_point deadline;
  };
  DeviceSession(SoapClient::Post post, Credentials credentials, std::stop_token stop = {},
                std::shared_ptr<CallBounds> bounds = {});

  // The password itself may be sent where its digest is refused (quirk 56).
  void allow_plain() { client_.allow_plain(); }

  // Which of the target's addresses answers, and what time it is there. Never with credentials. Only ever
  // `target.ip`, where it is given. kNetwork, kTimeout, kProtocol, kUsage without any usable address.
  Result<void> find_service(const DeviceTarget& target);
  // What services are where (quirks 62 to 66); a failure leaves the device's own address for all of them.
  // The error is what to warn of; later calls work all the same.
  Result<void> find_services();

  const Url& url() const { return url_; }
  const std::vector<ServiceUrl>& services() const { return services_; }
  std::optional<Url> service(std::string_view ns) const;
  // The same; kUnsupported, naming `what` ("PTZ"), where the device has no such service.
  Result<Url> require(std::string_view ns, std::string_view what) const;

  // An address that the device reports, as it can be reached (quirks 12, 67, 88).
  Url reachable(Url reported) const;

  // Calls and reads in one: `read` is one of messages.h.
  template <class Read>
  auto ask(const Url& url, const Request& request, Read read)
      -> decltype(read(std::string_view{}, std::declval<Quirks&>())) {
    auto reply = call(url, request);
    if (!reply) return fail(reply.error());
    return read(*reply, quirks_);
  }
  // Calls what answers nothing that matters.
  Result<void> tell(const Url& url, const Request& request);
  // The reply's bytes.
  Result<std::string> call(const Url& url, const Request& request);

  // Whether nothing more can be asked: stopped, refused, or a device that no longer answers. One operation
  // that hangs is a broken operation (quirk 70); two are a device that is going away.
  bool over() const { return stop_.stop_requested() || client_.refused() || timeouts_ >= kMaxTimeouts; }
  bool refused() const { return client_.refused(); }
  bool stopped() const { return stop_.stop_requested(); }
  int timeouts() const { return timeouts_; }

  // From now on the session is not stopped any more, but has only so much time: for a last word after a stop.
  void allow_farewell(std::chrono::milliseconds time);

  // Asks for the device's clock anew.
  Result<void> measure_clock() { return try_service(url_); }
  // Device's clock minus ours, as measured, or as it was found to check tokens by (quirk 46).
  std::chrono::milliseconds clock_offset() const { return client_.clock_offset(); }
  std::string auth_scheme() const { return client_.scheme_name(); }
  bool has_unused_credentials() const { return client_.has_unused_credentials(); }
  // What the device showed: all of it so far.
  Quirks all_quirks() const;
  Quirks& quirks() { return quirks_; }

 private:
  static constexpr int kMaxTimeouts = 2;

  Result<void> try_service(const Url& url);
  Result<std::chrono::milliseconds> ask_clock(const Url& url);
  bool clock_was_set();
  Result<std::vector<Service>> list_services();

  SoapClient client_;
  std::stop_token stop_;
  Url url_;
  std::shared_ptr<CallBounds> bounds_;
  std::vector<ServiceUrl> services_;
  std::chrono::milliseconds measured_{0};  // the device's clock minus ours, by its own words
  bool translated_ = true;  // see ports_are_translated(); a device that lists nothing names our port nowhere
  int timeouts_ = 0;
  Quirks quirks_;
};

// A session by HTTP that has found the device's services, or why not. `options.total_timeout` is for the
// whole life of the session (0: none); each call takes `call_timeout` at most.
Result<std::unique_ptr<DeviceSession>> open_session(const DeviceTarget& target,
                                                    const InterrogateOptions& options, std::stop_token stop);

}  // namespace camctl::onvif
