#include "libonvif/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "libonvif/device_info.h"
#include "libonvif/lenient.h"
#include "libonvif/media_profiles.h"
#include "libonvif/setting_messages.h"
#include "libonvif/soap/configuration.h"

namespace camctl::onvif {
namespace {

std::string number(double value) { return fmt::format("{:g}", value); }

// The first profile, or the first of these tokens, as Media 2 and Media 1 together know it.
Result<MergedProfile> find_profile(DeviceSession& session, const std::vector<std::string>& tokens) {
  std::vector<MediaProfile> from_media2, from_media1;
  std::optional<Error> error;
  if (const auto media2 = session.service(kMedia2Ns)) {
    auto profiles = session.ask(*media2, get_profiles_2({"VideoSource", "VideoEncoder"}), read_profiles_2);
    if (profiles) from_media2 = std::move(*profiles);
    if (!profiles) error = profiles.error();
  }
  if (const auto media1 = session.service(kMediaNs); media1 && !session.over()) {
    auto profiles = session.ask(*media1, get_profiles_1(), read_profiles_1);
    if (profiles) from_media1 = std::move(*profiles);
    if (!profiles) error = profiles.error();
  }
  const auto merged = merge_profiles(from_media2, from_media1, session.quirks());
  if (merged.empty() && error) return fail("asking for profiles", *error);
  for (const auto& profile : merged)
    if (tokens.empty() || std::ranges::find(tokens, profile.profile.token) != tokens.end()) return profile;
  return fail(ErrorCode::kNotFound, fmt::format("{} has no profile {}", session.url().authority(),
                                                tokens.empty() ? "" : tokens.front()));
}

// A kind of configuration: how it is asked for, where it stands in the reply, how it is sent back.
struct Editable {
  Url service;
  Request get;
  std::string_view place;
  std::function<Request(const Configuration&)> set;
};

Result<Configuration> fetch(DeviceSession& session, const Editable& editable) {
  const auto reply = session.call(editable.service, editable.get);
  if (!reply) return fail(reply.error());
  return Configuration::cut(*reply, editable.place);
}

// What one setting changes: its name, its place below the configuration, its new value.
struct Edit {
  std::string_view name;
  std::string path, value;
};

// Fetch, edit, send back, read again.
Result<SettingChanges> edit(DeviceSession& session, const Editable& editable, const std::vector<Edit>& edits,
                            bool dry_run) {
  auto configuration = fetch(session, editable);
  if (!configuration) return fail(configuration.error());
  SettingChanges changes;
  for (const auto& one : edits)
    if (!configuration->change(one.name, one.path, one.value, changes))
      return fail(ErrorCode::kUnsupported,
                  fmt::format("{} has no setting {}", session.url().authority(), one.name));
  if (dry_run) return changes;
  if (auto set = session.tell(editable.service, editable.set(*configuration)); !set) return fail(set.error());
  const auto now = fetch(session, editable);
  if (!now) return fail("reading back", now.error());
  for (std::size_t i = 0; i < changes.size(); ++i) changes[i].after = now->value(edits[i].path).value_or("");
  return changes;
}

// ---- Encoders

std::vector<Edit> common_edits(const EncoderSettings& wanted) {
  std::vector<Edit> edits;
  if (wanted.width) edits.push_back({"encoder.width", "Resolution/Width", std::to_string(*wanted.width)});
  if (wanted.height) edits.push_back({"encoder.height", "Resolution/Height", std::to_string(*wanted.height)});
  if (wanted.fps) edits.push_back({"encoder.fps", "RateControl/FrameRateLimit", number(*wanted.fps)});
  if (wanted.bitrate_kbps)
    edits.push_back(
        {"encoder.bitrate_kbps", "RateControl/BitrateLimit", std::to_string(*wanted.bitrate_kbps)});
  return edits;
}

Result<SettingChanges> set_encoder_2(DeviceSession& session, const Url& media2, const std::string& token,
                                     const EncoderSettings& wanted, bool dry_run) {
  auto edits = common_edits(wanted);
  if (wanted.gop) edits.push_back({"encoder.gop", "@GovLength", std::to_string(*wanted.gop)});
  return edit(session,
              {media2, get_video_encoder_2(token), "GetVideoEncoderConfigurationsResponse/Configurations",
               set_video_encoder_2},
              edits, dry_run);
}

Result<SettingChanges> set_encoder_1(DeviceSession& session, const Url& media1, const MediaProfile& profile,
                                     const EncoderSettings& wanted, bool dry_run) {
  auto edits = common_edits(wanted);
  const std::string codec = profile.video_codec == "mpeg4" ? "MPEG4" : "H264";
  if (wanted.gop) edits.push_back({"encoder.gop", codec + "/GovLength", std::to_string(*wanted.gop)});
  return edit(session,
              {media1, get_video_encoder_1(profile.encoder_token),
               "GetVideoEncoderConfigurationResponse/Configuration", set_video_encoder_1},
              edits, dry_run);
}

}  // namespace

bool SettingChange::taken() const {
  if (after == wanted) return true;
  const auto a = parse_position(after), b = parse_position(wanted);
  constexpr double kRounding = 1e-3;  // devices keep single precision, or print fewer digits
  return a && b && std::abs(*a - *b) <= std::max(tolerance, kRounding * std::max(1.0, std::abs(*b)));
}

Result<SettingChanges> set_encoder(DeviceSession& session, const std::vector<std::string>& profiles,
                                   const EncoderSettings& wanted, bool dry_run) {
  const auto found = find_profile(session, profiles);
  if (!found) return fail(found.error());
  const MediaProfile& profile = found->profile;
  if (profile.encoder_token.empty())
    return fail(ErrorCode::kUnsupported, fmt::format("the profile {} has no video encoder", profile.token));
  Result<SettingChanges> result = fail(ErrorCode::kUnsupported, "no media service has it");
  if (const auto media2 = session.service(kMedia2Ns); media2 && found->in_media2)
    result = set_encoder_2(session, *media2, profile.encoder_token, wanted, dry_run);
  // Media 2 without the operation (quirk 70).
  const bool lacks = !result && result.error().code == ErrorCode::kUnsupported;
  if (const auto media1 = session.service(kMediaNs); lacks && media1 && found->in_media1)
    result = set_encoder_1(session, *media1, profile, wanted, dry_run);
  return result;
}

// ---- The sensor

Result<SettingChanges> set_imaging(DeviceSession& session, const std::vector<std::string>& profiles,
                                   const ImagingSettings& wanted, bool dry_run) {
  const auto imaging = session.require(kImagingNs, "imaging");
  if (!imaging) return fail(imaging.error());
  const auto found = find_profile(session, profiles);
  if (!found) return fail(found.error());
  const std::string source = found->profile.source_token;
  std::vector<Edit> edits;
  if (wanted.brightness) edits.push_back({"imaging.brightness", "Brightness", number(*wanted.brightness)});
  if (wanted.contrast) edits.push_back({"imaging.contrast", "Contrast", number(*wanted.contrast)});
  if (wanted.saturation)
    edits.push_back({"imaging.saturation", "ColorSaturation", number(*wanted.saturation)});
  if (wanted.sharpness) edits.push_back({"imaging.sharpness", "Sharpness", number(*wanted.sharpness)});
  return edit(session,
              {*imaging, get_imaging_settings(source), "GetImagingSettingsResponse/ImagingSettings",
               [&](const Configuration& settings) { return set_imaging_settings(source, settings); }},
              edits, dry_run);
}

// ---- The clock

namespace {

// "Manual" or "NTP", and how the time zone is written.
Result<Configuration> clock_of(DeviceSession& session) {
  const auto reply = session.call(session.url(), get_system_date_and_time());
  if (!reply) return fail(reply.error());
  return Configuration::cut(*reply, "GetSystemDateAndTimeResponse/SystemDateAndTime");
}

Result<void> set_ntp_server(DeviceSession& session, const std::string& server, bool dry_run,
                            SettingChanges& changes) {
  const auto text = [](const Result<NetworkHosts>& ntp) {
    return fmt::format("{}", fmt::join(ntp->hosts, " "));
  };
  const auto before = session.ask(session.url(), get_ntp(), read_ntp);
  changes.push_back({"clock.ntp_server", before ? text(before) : std::string{}, server, {}});
  if (dry_run) return {};
  if (auto set = session.tell(session.url(), set_ntp(server)); !set) return set;
  const auto after = session.ask(session.url(), get_ntp(), read_ntp);
  if (after) changes.back().after = text(after);
  return {};
}

}  // namespace

Result<SettingChanges> set_clock(DeviceSession& session, const ClockSettings& wanted, bool dry_run) {
  SettingChanges changes;
  const bool ntp = wanted.source == ClockSource::kNtp;
  if (ntp && !wanted.ntp_server.empty())
    if (auto set = set_ntp_server(session, wanted.ntp_server, dry_run, changes); !set)
      return fail(set.error());
  const auto before = clock_of(session);
  if (!before) return fail(before.error());
  const auto source = [](const Configuration& clock) { return clock.value("DateTimeType").value_or(""); };
  changes.push_back({"clock.source", source(*before), ntp ? "NTP" : "Manual", {}});
  const auto seconds = [&] {
    return number(std::round(static_cast<double>(session.clock_offset().count()) / 1000));
  };
  constexpr double kWholeSeconds = 2;  // the clock is set, and told, in whole seconds, a moment later
  if (!ntp) changes.push_back({"clock.offset_seconds", seconds(), "0", {}, kWholeSeconds});
  if (dry_run) return changes;

  const auto now = std::chrono::system_clock::now();
  auto request = set_system_date_and_time(ntp, before->value("DaylightSavings").value_or("false"),
                                          before->value("TimeZone/TZ").value_or(""), now);
  if (auto set = session.tell(session.url(), request); !set) return fail(set.error());
  if (auto measured = session.measure_clock(); !measured) return fail("reading back", measured.error());
  const auto after = clock_of(session);
  if (!after) return fail("reading back", after.error());
  for (auto& change : changes) {
    if (change.name == "clock.source") change.after = source(*after);
    if (change.name == "clock.offset_seconds") change.after = seconds();
  }
  return changes;
}

// ---- The rest

Result<SettingChanges> set_hostname(DeviceSession& session, const std::string& name, bool dry_run) {
  const auto before = session.ask(session.url(), get_hostname(), read_hostname);
  if (!before) return fail(before.error());
  SettingChanges changes{{"hostname", *before, name, {}}};
  if (dry_run) return changes;
  if (auto set = session.tell(session.url(), set_hostname_request(name)); !set) return fail(set.error());
  const auto after = session.ask(session.url(), get_hostname(), read_hostname);
  if (!after) return fail("reading back", after.error());
  changes.front().after = *after;
  return changes;
}

Result<std::string> reboot(DeviceSession& session) {
  return session.ask(session.url(), system_reboot(), read_system_reboot);
}

}  // namespace camctl::onvif
