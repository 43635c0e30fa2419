#include "libonvif/interrogate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>

#include "base/text.h"
#include "libonvif/http.h"
#include "libonvif/lenient.h"
#include "libonvif/media_profiles.h"
#include "libonvif/messages.h"
#include "libonvif/service_url.h"

namespace camctl::onvif {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxWarnings = 64;  // a recorder whose every channel fails says it in its profiles

// One operation that hangs is a broken operation (quirk 70); two are a device that is going away.
constexpr int kMaxTimeouts = 2;

// Where devices have their service when they don't say (quirk 25).
constexpr std::array<std::string_view, 4> kWellKnownPaths = {"/onvif/device_service", "/onvif/services",
                                                             "/onvif/devices", "/"};

class Interrogation {
 public:
  Interrogation(SoapClient::Post post, const DeviceTarget& target, const InterrogateOptions& options,
                std::stop_token stop)
      : client_(std::move(post), options.credentials), target_(target), stop_(std::move(stop)) {}

  Result<DeviceDescription> run() {
    if (auto found = find_service(); !found) return fail(found.error());
    find_services();
    if (auto identity = identify(); !identity) return fail(identity.error());
    if (auto profiles = list_profiles(); !profiles) return fail(profiles.error());
    find_uris();
    if (client_.refused()) return fail(ErrorCode::kAuth, url_.authority() + " refuses the credentials");
    complete_identity();
    finish();
    return std::move(result_);
  }

 private:
  Result<void> find_service();
  Result<void> try_service(const Url& url);
  void find_services();
  Result<void> identify();
  Result<void> list_profiles();
  Result<std::vector<MediaProfile>> ask_profiles_2(const Url& media2);
  void find_uris();
  Result<MediaUrl> stream_url(const MergedProfile& profile);
  Result<MediaUrl> snapshot_url(const MergedProfile& profile);
  void complete_identity();
  void finish();

  std::optional<Url> service(std::string_view ns) const;
  void warn(std::string_view doing, const Error& error);
  void take_scope(std::string_view scope);
  // Whether nothing more can be asked: no time, or no permission.
  bool over() const { return stop_.stop_requested() || client_.refused() || timeouts_ >= kMaxTimeouts; }

  // Calls and reads in one.
  template <class Read>
  auto ask(const Url& url, const Request& request, Read read)
      -> decltype(read(std::string_view{}, std::declval<Quirks&>())) {
    auto reply = client_.call(url, request);
    if (!reply) {
      if (reply.error().code == ErrorCode::kTimeout) ++timeouts_;
      return fail(reply.error());
    }
    return read(*reply, quirks_);
  }

  SoapClient client_;
  const DeviceTarget& target_;
  std::stop_token stop_;
  Url url_;
  std::vector<ServiceUrl> services_;
  std::vector<MergedProfile> profiles_;
  bool snapshots_ = true;
  int timeouts_ = 0;
  std::string media2_protocol_ = "RTSP";
  Quirks quirks_;
  DeviceDescription result_;
};

// ---- 1: which address answers, and what time is it there

Result<void> Interrogation::try_service(const Url& url) {
  const auto sent = std::chrono::system_clock::now();
  auto reply = client_.call_openly(url, get_system_date_and_time());
  const auto received = std::chrono::system_clock::now();
  if (!reply && reply.error().code != ErrorCode::kAuth) return fail(reply.error());
  std::optional<milliseconds> offset = client_.date_header_offset();
  if (!reply) {  // quirk 45: the Date header has to do
    quirks_.insert(45);
  } else {
    const auto clock = read_system_date_and_time(*reply, quirks_);
    if (!clock) return fail(clock.error());
    if (clock->utc)
      offset = std::chrono::duration_cast<milliseconds>(*clock->utc - (sent + (received - sent) / 2));
  }
  client_.set_clock_offset(offset.value_or(milliseconds{0}));
  result_.clock_offset = offset.value_or(milliseconds{0});
  constexpr milliseconds kVisibleSkew{5000};  // the strictest device's window (quirk 44)
  if (std::chrono::abs(result_.clock_offset) > kVisibleSkew) quirks_.insert(44);
  url_ = url;
  return {};
}

Result<void> Interrogation::find_service() {
  std::deque<Url> candidates;  // grows while it is walked
  const auto add = [&](const Url& url) {
    const auto same = [&](const Url& other) { return other.to_string() == url.to_string(); };
    if (std::ranges::none_of(candidates, same)) candidates.push_back(url);
  };
  Error error{ErrorCode::kUsage, "the device has no usable service address", {}};
  for (const auto& xaddr : target_.xaddrs) {
    auto url = parse_service_url(xaddr, quirks_);
    if (!url) {
      error = url.error();
      continue;
    }
    // Only ever the host that was found: what a device says of others gets no credentials.
    if (!target_.ip.empty()) url->host = target_.ip;
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

// ---- 2: what services are where

void Interrogation::find_services() {
  auto listed = ask(url_, get_services(false), read_services);
  if (!listed && !over()) {
    listed = ask(url_, get_services(true), read_services);
    if (listed) quirks_.insert(63);
  }
  if (listed) services_ = usable_services(*listed, url_, quirks_);
  const bool has_media = service(kMediaNs) || service(kMedia2Ns);
  if (!has_media && !over()) {
    if (!listed) quirks_.insert(62);
    const auto capabilities = ask(url_, get_capabilities(), read_capabilities);
    if (capabilities)
      for (auto& entry : usable_services(*capabilities, url_, quirks_)) services_.push_back(std::move(entry));
    if (!capabilities && !listed) warn("asking for services", capabilities.error());
  }
  if (!service(kMediaNs) && !service(kMedia2Ns))
    services_.push_back({std::string(kMediaNs), url_});  // quirk 66
}

std::optional<Url> Interrogation::service(std::string_view ns) const {
  const auto found = std::ranges::find_if(services_, [&](const ServiceUrl& s) { return s.ns == ns; });
  if (found == services_.end()) return std::nullopt;
  return found->url;
}

// ---- 3: who it is; the first call that always wants credentials

Result<void> Interrogation::identify() {
  if (!client_.refused()) {
    auto information = ask(url_, get_device_information(), read_device_information);
    if (information) {
      result_.manufacturer = information->manufacturer;
      result_.model = information->model;
      result_.firmware = information->firmware;
      result_.serial = information->serial;
      result_.hardware = information->hardware;
      return {};
    }
    const auto code = information.error().code;
    if (code == ErrorCode::kAuth || code == ErrorCode::kTimeout || code == ErrorCode::kCancelled)
      return fail(information.error());
    warn("asking for the device's identity", information.error());
    return {};
  }
  return fail(ErrorCode::kAuth, url_.authority() + " refuses the credentials");
}

// ---- 4: profiles

Result<std::vector<MediaProfile>> Interrogation::ask_profiles_2(const Url& media2) {
  const std::array<std::vector<std::string>, 3> kTypes = {
      std::vector<std::string>{"VideoSource", "VideoEncoder", "AudioEncoder"}, {"All"}, {}};
  Result<std::vector<MediaProfile>> first = fail(ErrorCode::kInternal, "not asked");
  for (const auto& types : kTypes) {  // quirk 71
    auto profiles = ask(media2, get_profiles_2(types), read_profiles_2);
    const bool told = profiles && std::ranges::any_of(*profiles, [](const auto& p) { return p.has_video; });
    if (told || over()) return profiles;
    // Profiles without video are better than an error, and the first error is the one to tell.
    const bool better = profiles ? !first : !first && first.error().code == ErrorCode::kInternal;
    if (better) first = std::move(profiles);
    if (&types != &kTypes.back()) quirks_.insert(71);
  }
  return first;
}

Result<void> Interrogation::list_profiles() {
  std::vector<MediaProfile> from_media2, from_media1;
  std::optional<Error> error;
  if (const auto media2 = service(kMedia2Ns)) {
    auto profiles = ask_profiles_2(*media2);
    result_.media2 = profiles.has_value();
    if (profiles) {
      from_media2 = std::move(*profiles);
    } else {
      quirks_.insert(70);
      error = profiles.error();
      warn("asking Media 2 for profiles", *error);
    }
  }
  if (const auto media1 = service(kMediaNs); media1 && !over()) {
    auto profiles = ask(*media1, get_profiles_1(), read_profiles_1);
    if (profiles) {
      from_media1 = std::move(*profiles);
    } else {
      error = profiles.error();
      warn("asking for profiles", *error);
    }
  }
  profiles_ = merge_profiles(from_media2, from_media1, quirks_);
  if (profiles_.empty() && error) return fail("asking for profiles", *error);
  return {};
}

// ---- 5: URIs

Result<MediaUrl> Interrogation::stream_url(const MergedProfile& merged) {
  const std::string& token = merged.profile.token;
  Result<std::string> uri = fail(ErrorCode::kUnsupported, "no media service has it");
  if (const auto media2 = service(kMedia2Ns); media2 && merged.in_media2) {
    uri = ask(*media2, get_stream_uri_2(token, media2_protocol_), read_stream_uri_2);
    if (!uri && media2_protocol_ == "RTSP" && !over()) {  // quirk 83
      uri = ask(*media2, get_stream_uri_2(token, "RtspUnicast"), read_stream_uri_2);
      if (uri) {
        media2_protocol_ = "RtspUnicast";
        quirks_.insert(83);
      }
    }
  }
  if (const auto media1 = service(kMediaNs);
      !uri && media1 && (merged.in_media1 || merged.in_media2) && !over())
    uri = ask(*media1, get_stream_uri_1(token), read_stream_uri_1);
  if (!uri) return fail(uri.error());
  auto url = usable_media_url(*uri, url_.host, quirks_);
  if (url && !url->url.starts_with("rtsp")) return fail(ErrorCode::kProtocol, "the stream URI is not RTSP");
  return url;
}

Result<MediaUrl> Interrogation::snapshot_url(const MergedProfile& merged) {
  const std::string& token = merged.profile.token;
  Result<std::string> uri = fail(ErrorCode::kUnsupported, "no media service has it");
  if (const auto media1 = service(kMediaNs); media1 && merged.in_media1)
    uri = ask(*media1, get_snapshot_uri_1(token), read_snapshot_uri_1);
  if (const auto media2 = service(kMedia2Ns); !uri && media2 && merged.in_media2 && !over())
    uri = ask(*media2, get_snapshot_uri_2(token), read_snapshot_uri_2);
  if (!uri) return fail(uri.error());
  return usable_media_url(*uri, url_.host, quirks_);
}

void Interrogation::find_uris() {
  for (const auto& merged : profiles_) {
    Profile profile = describe(merged.profile);
    if (over()) {
      profile.error = "not asked: the device took too long or refuses";
    } else if (auto url = stream_url(merged)) {
      profile.rtsp_url = url->url;
      profile.rtsp_url_original = url->original;
    } else {
      profile.error = url.error().message;
      quirks_.insert(75);
    }
    if (snapshots_ && !over()) {
      if (auto url = snapshot_url(merged)) {
        profile.snapshot_url = url->url;
      } else if (url.error().code == ErrorCode::kUnsupported) {
        snapshots_ = false;  // the device has none (quirk 76)
        quirks_.insert(76);
      }
    }
    result_.profiles.push_back(std::move(profile));
  }
}

// ---- 6: what is nice to know

void Interrogation::take_scope(std::string_view scope) {
  constexpr std::string_view kPrefix = "onvif://www.onvif.org/";
  if (!scope.starts_with(kPrefix)) return;
  scope.remove_prefix(kPrefix.size());
  const auto slash = scope.find('/');
  if (slash == scope.npos) return;
  const std::string_view key = scope.substr(0, slash);
  std::string text = clean_text(percent_decode(scope.substr(slash + 1)));
  if (text.empty()) return;
  if (key == "name")
    result_.name = std::move(text);  // the last one is the most specific (quirk 20)
  else if (key == "hardware" && result_.hardware.empty())
    result_.hardware = std::move(text);
}

void Interrogation::complete_identity() {
  result_.name = target_.name;
  result_.endpoint = target_.endpoint;
  result_.mac = target_.mac;
  if (result_.name.empty() && !over())
    if (const auto scopes = ask(url_, get_scopes(), read_scopes))
      for (const auto& scope : *scopes) take_scope(scope);
  if (result_.mac.empty() && !over())
    if (const auto interfaces = ask(url_, get_network_interfaces(), read_network_interfaces)) {
      const auto ours = [&](const NetworkInterface& i) {
        return !i.mac.empty() && std::ranges::find(i.addresses, url_.host) != i.addresses.end();
      };
      auto found = std::ranges::find_if(*interfaces, ours);
      if (found == interfaces->end())
        found = std::ranges::find_if(*interfaces, [](const NetworkInterface& i) { return !i.mac.empty(); });
      if (found != interfaces->end()) result_.mac = found->mac;
    }
  if (result_.endpoint.empty() && !over())
    if (const auto endpoint = ask(url_, get_endpoint_reference(), read_endpoint_reference))
      result_.endpoint = *endpoint;
}

void Interrogation::finish() {
  // Names that say nothing: "H264", "NONE" and the like (quirk 85).
  const std::string maker = text::lower(result_.manufacturer);
  if (maker == "none" || maker == "h264" || maker == "unknown" || maker == "manufacturer") {
    result_.manufacturer.clear();
    quirks_.insert(85);
  }
  if (result_.model.empty()) result_.model = result_.hardware;
  if (result_.name.empty()) result_.name = result_.model;
  result_.onvif_url = url_.to_string();
  result_.auth_scheme = client_.scheme_name();
  const bool any_ptz = std::ranges::any_of(profiles_, [](const auto& p) { return p.profile.ptz; });
  const bool only_media2 = std::ranges::none_of(profiles_, [](const auto& p) { return p.in_media1; });
  result_.ptz = any_ptz || (only_media2 && service(kPtzNs));  // Media 2 was not asked for PTZ configurations
  result_.events = service(kEventsNs).has_value();
  if (timeouts_ > 0) result_.warnings.emplace_back("not all was asked: the device took too long");
  Quirks all = client_.quirks();
  all.insert(quirks_.begin(), quirks_.end());
  result_.quirks.assign(all.begin(), all.end());
}

void Interrogation::warn(std::string_view doing, const Error& error) {
  if (result_.warnings.size() < kMaxWarnings)
    result_.warnings.push_back(fmt::format("{}: {}", doing, error.message));
}

}  // namespace

Result<DeviceDescription> interrogate_by(SoapClient::Post post, const DeviceTarget& target,
                                         const InterrogateOptions& options, std::stop_token stop) {
  return Interrogation(std::move(post), target, options, std::move(stop)).run();
}

Result<DeviceDescription> interrogate(const DeviceTarget& target, const InterrogateOptions& options,
                                      std::stop_token stop) {
  HttpTransport transport(
      {options.connect_timeout, options.call_timeout, options.verify_tls, kMaxReplyBytes, options.interface});
  const auto deadline = std::chrono::steady_clock::now() + options.total_timeout;
  const auto post = [&](const Url& url, const HttpRequest& request) {
    return transport.post(url, request, stop, deadline);
  };
  return interrogate_by(post, target, options, stop);
}

}  // namespace camctl::onvif
