#include "libonvif/device_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "libonvif/http.h"
#include "libonvif/interrogate.h"

namespace camctl::onvif {
namespace {

using std::chrono::milliseconds;

// Where devices have their service when they don't say (quirk 25).
constexpr std::array<std::string_view, 4> kWellKnownPaths = {"/onvif/device_service", "/onvif/services",
                                                             "/onvif/devices", "/"};

}  // namespace

DeviceSession::DeviceSession(SoapClient::Post post, Credentials credentials, std::stop_token stop,
                             std::shared_ptr<CallBounds> bounds)
    : client_(std::move(post), std::move(credentials)), stop_(std::move(stop)), bounds_(std::move(bounds)) {}

Result<std::string> DeviceSession::call(const Url& url, const Request& request) {
  auto reply = client_.call(url, request);
  const bool refused = !reply && reply.error().code == ErrorCode::kAuth;
  if (refused && clock_was_set()) reply = client_.call(url, request);
  if (!reply && reply.error().code == ErrorCode::kAuth && client_.lacks_role(request)) quirks_.insert(59);
  if (!reply && reply.error().code == ErrorCode::kTimeout) ++timeouts_;
  return reply;
}

// Whether tokens were refused because somebody has set the device's clock since the login.
bool DeviceSession::clock_was_set() {
  if (!client_.logged_in()) return false;
  const auto now = ask_clock(url_);
  return now && client_.shift_clock(*now - std::exchange(measured_, *now));
}

Result<void> DeviceSession::tell(const Url& url, const Request& request) {
  if (auto reply = call(url, request); !reply) return fail(reply.error());
  return {};
}

Quirks DeviceSession::all_quirks() const {
  Quirks all = client_.quirks();
  all.insert(quirks_.begin(), quirks_.end());
  return all;
}

// ---- Which address answers, and what time is it there

// The device's clock minus ours; 0 where it tells nothing.
Result<milliseconds> DeviceSession::ask_clock(const Url& url) {
  const auto sent = std::chrono::system_clock::now();
  auto reply = client_.call_openly(url, get_system_date_and_time());
  const auto received = std::chrono::system_clock::now();
  if (!reply && reply.error().code != ErrorCode::kAuth) return fail(reply.error());
  const auto by_header = client_.date_header_offset().value_or(milliseconds{0});
  if (!reply) {  // quirk 45: the Date header has to do
    quirks_.insert(45);
    return by_header;
  }
  const auto clock = read_system_date_and_time(*reply, quirks_);
  if (!clock) return fail(clock.error());
  if (!clock->utc) return by_header;
  return std::chrono::duration_cast<milliseconds>(*clock->utc - (sent + (received - sent) / 2));
}

Result<void> DeviceSession::try_service(const Url& url) {
  const auto measured = ask_clock(url);
  if (!measured) return fail(measured.error());
  if (!client_.shift_clock(*measured - measured_)) client_.set_clock_offset(*measured);
  measured_ = *measured;
  constexpr milliseconds kVisibleSkew{5000};  // the strictest device's window (quirk 44)
  if (std::chrono::abs(measured_) > kVisibleSkew) quirks_.insert(44);
  url_ = url;
  return {};
}

Result<void> DeviceSession::find_service(const DeviceTarget& target) {
  std::deque<Url> candidates;  // grows while it is walked
  const auto add = [&](const Url& url) {
    const auto same = [&](const Url& other) { return other.to_string() == url.to_string(); };
    if (std::ranges::none_of(candidates, same)) candidates.push_back(url);
  };
  Error error{ErrorCode::kUsage, "the device has no usable service address", {}};
  for (const auto& xaddr : target.xaddrs) {
    auto url = parse_service_url(xaddr, quirks_);
    if (!url) {
      error = url.error();
      continue;
    }
    // Only ever the host that was found: what a device says of others gets no credentials.
    if (!target.ip.empty()) url->host = target.ip;
    add(*url);
  }
  if (!candidates.empty()) error.code = ErrorCode::kUsage;  // whatever comes is more telling
  // Of several failures the most telling: an answer says more than silence, silence more than a refusal.
  const auto rank = [](ErrorCode code) {
    if (code == ErrorCode::kNetwork) return 1;
    if (code == ErrorCode::kTimeout) return 2;
    return code == ErrorCode::kUsage ? 0 : 3;
  };
  // An answer of any kind at a wrong path makes the host worth a look at the others.
  std::vector<std::string> searched;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (stop_.stop_requested()) return fail(ErrorCode::kCancelled, "stopped");
    const Url& url = candidates[i];
    auto tried = try_service(url);
    if (tried) return {};
    const ErrorCode code = tried.error().code;
    if (rank(code) > rank(error.code)) error = tried.error();
    if (code == ErrorCode::kCancelled) return fail(tried.error());
    const bool answers = code == ErrorCode::kUnsupported || code == ErrorCode::kProtocol;
    if (!answers || std::ranges::find(searched, url.authority()) != searched.end()) continue;
    searched.push_back(url.authority());
    for (const auto path : kWellKnownPaths) {
      Url other = url;
      other.target = path;
      add(other);
    }
  }
  if (error.code == ErrorCode::kNetwork && candidates.size() > 1)
    error.message =
        fmt::format("no service at {} addresses; the first: {}", candidates.size(), error.message);
  return fail("asking for the date", error);
}

// ---- What services are where

// By GetServices, and by GetCapabilities where that lacks what every camera has (quirks 62 to 64).
Result<std::vector<Service>> DeviceSession::list_services() {
  auto listed = ask(url_, get_services(false), read_services);
  if (!listed && !over()) {
    listed = ask(url_, get_services(true), read_services);
    if (listed) quirks_.insert(63);
  }
  const auto lists = [&](std::string_view ns) {
    return listed && std::ranges::any_of(*listed, [&](const Service& s) { return s.ns == ns; });
  };
  if (((lists(kMediaNs) || lists(kMedia2Ns)) && lists(kEventsNs)) || over()) return listed;
  auto capabilities = ask(url_, get_capabilities(), read_capabilities);
  if (!capabilities) return listed ? std::move(listed) : std::move(capabilities);
  quirks_.insert(listed ? 64 : 62);
  if (!listed) return capabilities;
  for (auto& service : *capabilities)
    if (!lists(service.ns)) listed->push_back(std::move(service));
  return listed;
}

Result<void> DeviceSession::find_services() {
  const auto listed = list_services();
  if (client_.logged_in()) quirks_.insert(65);
  if (listed) {
    services_ = usable_services(*listed, url_, quirks_);
    translated_ = ports_are_translated(*listed, url_);
  }
  if (!service(kMediaNs) && service(kMedia2Ns)) quirks_.insert(69);
  if (!service(kMediaNs) && !service(kMedia2Ns))
    services_.push_back({std::string(kMediaNs), url_});  // quirk 66
  if (!listed) return fail("asking for services", listed.error());
  return {};
}

std::optional<Url> DeviceSession::service(std::string_view ns) const {
  const auto found = std::ranges::find_if(services_, [&](const ServiceUrl& s) { return s.ns == ns; });
  if (found == services_.end()) return std::nullopt;
  return found->url;
}

Result<Url> DeviceSession::require(std::string_view ns, std::string_view what) const {
  if (auto found = service(ns)) return std::move(*found);
  return fail(ErrorCode::kUnsupported, fmt::format("{} has no {} service", url_.authority(), what));
}

Url DeviceSession::reachable(Url reported) const {
  return on_reached_host(std::move(reported), url_, translated_);
}

void DeviceSession::allow_farewell(milliseconds time) {
  stop_ = {};
  if (bounds_) *bounds_ = {{}, std::chrono::steady_clock::now() + time};
}

Result<std::unique_ptr<DeviceSession>> open_session(const DeviceTarget& target,
                                                    const InterrogateOptions& options, std::stop_token stop) {
  const auto transport = std::make_shared<HttpTransport>(http_options(options, kMaxReplyBytes));
  using Clock = std::chrono::steady_clock;
  const auto bounds = std::make_shared<DeviceSession::CallBounds>(
      DeviceSession::CallBounds{stop, options.total_timeout.count() > 0 ? Clock::now() + options.total_timeout
                                                                        : Clock::time_point::max()});
  auto post = [transport, bounds](const Url& url, const HttpRequest& request) {
    return transport->post(url, request, bounds->stop, bounds->deadline);
  };
  auto session =
      std::make_unique<DeviceSession>(std::move(post), options.credentials, std::move(stop), bounds);
  if (options.allow_plain) session->allow_plain();
  if (auto found = session->find_service(target); !found) return fail(found.error());
  if (auto services = session->find_services(); !services && session->over()) return fail(services.error());
  return session;
}

}  // namespace camctl::onvif
