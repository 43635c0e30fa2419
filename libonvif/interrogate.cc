#include "libonvif/interrogate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "libonvif/device_session.h"
#include "libonvif/discovery/mac_vendor.h"
#include "libonvif/http.h"
#include "libonvif/lenient.h"
#include "libonvif/media_profiles.h"
#include "libonvif/messages.h"
#include "libonvif/service_url.h"

namespace camctl::onvif {
namespace {

constexpr std::size_t kMaxWarnings = 64;  // a recorder whose every channel fails says it in its profiles

// Another form of the same question would not be answered either.
bool is_final(const Error& error) {
  return error.code == ErrorCode::kAuth || error.code == ErrorCode::kUnsupported;
}

class Interrogation {
 public:
  Interrogation(DeviceSession& session, const DeviceTarget& target) : session_(session), target_(target) {}

  Result<DeviceDescription> run() {
    if (auto identity = identify(); !identity) return fail(identity.error());
    if (auto profiles = list_profiles(); !profiles) return fail(profiles.error());
    find_uris();
    if (session_.refused()) return fail(ErrorCode::kAuth, url().authority() + " refuses the credentials");
    complete_identity();
    finish();
    return std::move(result_);
  }

 private:
  Result<void> identify();
  void judge_names();
  Result<void> list_profiles();
  Result<std::vector<MediaProfile>> ask_profiles_2(const Url& media2);
  void find_uris();
  Result<MediaUrl> stream_url(const MergedProfile& profile);
  Result<MediaUrl> snapshot_url(const MergedProfile& profile);
  void complete_identity();
  void finish();

  const Url& url() const { return session_.url(); }
  std::optional<Url> service(std::string_view ns) const { return session_.service(ns); }
  void warn(std::string_view doing, const Error& error);
  void take_scope(std::string_view scope);
  bool over() const { return session_.over(); }
  template <class Read>
  auto ask(const Url& url, const Request& request, Read read) {
    return session_.ask(url, request, read);
  }

  DeviceSession& session_;
  const DeviceTarget& target_;
  std::vector<MergedProfile> profiles_;
  bool snapshots_ = true;
  std::string media2_protocol_ = "RTSP";
  Quirks& quirks_ = session_.quirks();
  DeviceDescription result_;
};

// ---- Who it is; the first call that always wants credentials

Result<void> Interrogation::identify() {
  if (!session_.refused()) {
    auto information = ask(url(), get_device_information(), read_device_information);
    if (information) {
      result_.manufacturer = information->manufacturer;
      result_.model = information->model;
      result_.firmware = information->firmware;
      result_.serial = information->serial;
      result_.hardware = information->hardware;
      judge_names();
      return {};
    }
    const auto code = information.error().code;
    if (code == ErrorCode::kAuth || code == ErrorCode::kTimeout || code == ErrorCode::kCancelled)
      return fail(information.error());
    warn("asking for the device's identity", information.error());
    return {};
  }
  return fail(ErrorCode::kAuth, url().authority() + " refuses the credentials");
}

// Names that say nothing: "H264", "NONE" and the like (quirk 85).
void Interrogation::judge_names() {
  const std::string maker = text::lower(result_.manufacturer);
  if (maker == "none" || maker == "h264" || maker == "unknown" || maker == "manufacturer")
    result_.manufacturer.clear();
  if (result_.manufacturer.empty() || result_.model.empty()) quirks_.insert(85);
}

// ---- Profiles

Result<std::vector<MediaProfile>> Interrogation::ask_profiles_2(const Url& media2) {
  const std::array<std::vector<std::string>, 3> kTypes = {
      std::vector<std::string>{"VideoSource", "VideoEncoder", "AudioEncoder"}, {"All"}, {}};
  Result<std::vector<MediaProfile>> first = fail(ErrorCode::kInternal, "not asked");
  for (const auto& types : kTypes) {  // quirk 71
    auto profiles = ask(media2, get_profiles_2(types), read_profiles_2);
    const bool told = profiles && std::ranges::any_of(*profiles, [](const auto& p) { return p.has_video; });
    if (told && &types != &kTypes.front()) quirks_.insert(71);
    if (told || over() || (!profiles && is_final(profiles.error()))) return profiles;
    // Profiles without video are better than an error, and the first error is the one to tell.
    const bool better = profiles ? !first : !first && first.error().code == ErrorCode::kInternal;
    if (better) first = std::move(profiles);
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
      if (profiles.error().code != ErrorCode::kAuth) quirks_.insert(70);
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

// ---- URIs

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
  auto stream = usable_media_url(*uri, url().host, quirks_);
  if (stream && !stream->url.starts_with("rtsp"))
    return fail(ErrorCode::kProtocol, "the stream URI is not RTSP");
  return stream;
}

Result<MediaUrl> Interrogation::snapshot_url(const MergedProfile& merged) {
  const std::string& token = merged.profile.token;
  Result<std::string> uri = fail(ErrorCode::kUnsupported, "no media service has it");
  if (const auto media1 = service(kMediaNs); media1 && merged.in_media1)
    uri = ask(*media1, get_snapshot_uri_1(token), read_snapshot_uri_1);
  if (const auto media2 = service(kMedia2Ns); !uri && media2 && merged.in_media2 && !over())
    uri = ask(*media2, get_snapshot_uri_2(token), read_snapshot_uri_2);
  if (!uri) return fail(uri.error());
  return usable_media_url(*uri, url().host, quirks_);
}

void Interrogation::find_uris() {
  for (const auto& merged : profiles_) {
    Profile profile = describe(merged.profile);
    if (over()) {
      profile.error = "not asked: the device took too long or refuses";
    } else if (auto stream = stream_url(merged)) {
      profile.rtsp_url = stream->url;
      profile.rtsp_url_original = stream->original;
    } else {
      profile.error = stream.error().message;
      quirks_.insert(75);
    }
    if (snapshots_ && !over()) {
      if (auto snapshot = snapshot_url(merged)) {
        profile.snapshot_url = snapshot->url;
      } else {
        quirks_.insert(76);
        snapshots_ = snapshot.error().code != ErrorCode::kUnsupported;  // else the device has none
      }
    }
    result_.profiles.push_back(std::move(profile));
  }
}

// ---- What is nice to know

void Interrogation::take_scope(std::string_view scope) {
  constexpr std::string_view kPrefix = "onvif://www.onvif.org/";
  if (!scope.starts_with(kPrefix)) return;
  scope.remove_prefix(kPrefix.size());
  const auto slash = scope.find('/');
  if (slash == scope.npos) return;
  const std::string_view key = scope.substr(0, slash);
  std::string text = clean_text(percent_decode(scope.substr(slash + 1)));
  if (text.empty()) return;
  if (key == "name" && target_.name.empty())
    result_.name = std::move(text);  // the last one is the most specific (quirk 20)
  else if (key == "hardware" && result_.model.empty())
    result_.model = std::move(text);
}

void Interrogation::complete_identity() {
  result_.name = target_.name;
  result_.endpoint = target_.endpoint;
  result_.mac = target_.mac;
  if ((result_.name.empty() || result_.model.empty()) && !over())
    if (const auto scopes = ask(url(), get_scopes(), read_scopes))
      for (const auto& scope : *scopes) take_scope(scope);
  if (result_.mac.empty() && !over())
    if (const auto interfaces = ask(url(), get_network_interfaces(), read_network_interfaces)) {
      const auto ours = [&](const NetworkInterface& i) {
        return !i.mac.empty() && std::ranges::find(i.addresses, url().host) != i.addresses.end();
      };
      auto found = std::ranges::find_if(*interfaces, ours);
      if (found == interfaces->end())
        found = std::ranges::find_if(*interfaces, [](const NetworkInterface& i) { return !i.mac.empty(); });
      if (found != interfaces->end()) result_.mac = found->mac;
    }
  if (result_.endpoint.empty() && !over())
    if (const auto endpoint = ask(url(), get_endpoint_reference(), read_endpoint_reference))
      result_.endpoint = *endpoint;
}

void Interrogation::finish() {
  if (result_.manufacturer.empty() && !result_.mac.empty())
    result_.manufacturer = discovery::MacVendors().find(result_.mac);
  if (result_.model.empty()) result_.model = result_.hardware;
  if (result_.name.empty()) result_.name = result_.model;
  result_.onvif_url = url().to_string();
  result_.auth_scheme = session_.auth_scheme();
  result_.clock_offset = session_.clock_offset();
  const bool any_ptz = std::ranges::any_of(profiles_, [](const auto& p) { return p.profile.ptz; });
  const bool only_media2 = std::ranges::none_of(profiles_, [](const auto& p) { return p.in_media1; });
  result_.ptz = any_ptz || (only_media2 && service(kPtzNs));  // Media 2 was not asked for PTZ configurations
  result_.events = service(kEventsNs).has_value();
  if (session_.timeouts() > 0) result_.warnings.emplace_back("not all was asked: the device took too long");
  if (session_.has_unused_credentials()) quirks_.insert(60);
  std::set<std::string> sources;
  for (const auto& merged : profiles_) sources.insert(merged.profile.source_token);
  if (sources.size() > 1) quirks_.insert(74);
  quirks_.insert(target_.quirks.begin(), target_.quirks.end());
  const Quirks all = session_.all_quirks();
  result_.quirks.assign(all.begin(), all.end());
}

void Interrogation::warn(std::string_view doing, const Error& error) {
  if (result_.warnings.size() < kMaxWarnings)
    result_.warnings.push_back(fmt::format("{}: {}", doing, error.message));
}

}  // namespace

Result<DeviceDescription> interrogate_by(SoapClient::Post post, const DeviceTarget& target,
                                         const InterrogateOptions& options, std::stop_token stop) {
  DeviceSession session(std::move(post), options.credentials, std::move(stop));
  if (options.allow_plain) session.allow_plain();
  if (auto found = session.find_service(target); !found) return fail(found.error());
  const auto services = session.find_services();
  auto description = interrogate_by(session, target);
  if (description && !services)
    description->warnings.insert(description->warnings.begin(), services.error().message);
  return description;
}

Result<DeviceDescription> interrogate_by(DeviceSession& session, const DeviceTarget& target) {
  return Interrogation(session, target).run();
}

HttpOptions http_options(const InterrogateOptions& options, std::size_t max_reply_bytes) {
  return {options.connect_timeout, options.call_timeout, options.verify_tls, max_reply_bytes,
          options.interface,       options.tls_pin,      options.unverified};
}

Result<DeviceDescription> interrogate(const DeviceTarget& target, const InterrogateOptions& options,
                                      std::stop_token stop) {
  HttpTransport transport(http_options(options, kMaxReplyBytes));
  const auto deadline = std::chrono::steady_clock::now() + options.total_timeout;
  const auto post = [&](const Url& url, const HttpRequest& request) {
    return transport.post(url, request, stop, deadline);
  };
  return interrogate_by(post, target, options, stop);
}

}  // namespace camctl::onvif
