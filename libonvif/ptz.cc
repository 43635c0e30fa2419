#include "libonvif/ptz.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "libonvif/ptz_messages.h"

namespace camctl::onvif {
namespace {

// Tokens of the profiles that can turn, in the device's order. Media 1 says it for each profile, Media 2 only
// where it is asked.
Result<std::vector<std::string>> turning_profiles(DeviceSession& session) {
  Result<std::vector<MediaProfile>> profiles = fail(ErrorCode::kUnsupported, "no media service has profiles");
  if (const auto media1 = session.service(kMediaNs))
    profiles = session.ask(*media1, get_profiles_1(), read_profiles_1);
  const auto turns = [](const MediaProfile& profile) { return profile.ptz; };
  const bool told = profiles && std::ranges::any_of(*profiles, turns);
  if (const auto media2 = session.service(kMedia2Ns); !told && media2 && !session.over()) {
    auto more = session.ask(*media2, get_profiles_2({"PTZ"}), read_profiles_2);
    if (more) profiles = std::move(more);
  }
  if (!profiles) return fail(profiles.error());
  std::vector<std::string> tokens;
  for (const auto& profile : *profiles)
    if (profile.ptz) tokens.push_back(profile.token);
  // A device that has the service and says nothing of it in its profiles can turn in the first.
  if (tokens.empty() && !profiles->empty() && session.service(kPtzNs))
    tokens.push_back(profiles->front().token);
  return tokens;
}

bool is_answer(const Error& error) {
  return error.code == ErrorCode::kProtocol || error.code == ErrorCode::kUnsupported;
}

}  // namespace

Result<Ptz> Ptz::open(DeviceSession& session, const std::vector<std::string>& profiles) {
  auto service = session.require(kPtzNs, "PTZ");
  if (!service) return fail(service.error());
  const auto turning = turning_profiles(session);
  if (!turning) return fail("asking for profiles", turning.error());
  const auto wanted = [&](const std::string& token) {
    return profiles.empty() || std::ranges::find(profiles, token) != profiles.end();
  };
  const auto found = std::ranges::find_if(*turning, wanted);
  if (found == turning->end())
    return fail(
        turning->empty() ? ErrorCode::kUnsupported : ErrorCode::kNotFound,
        fmt::format("none of the profiles {} of {} can turn", fmt::join(profiles, ", "),
                    session.url().authority()),
        turning->empty() ? std::string() : fmt::format("those that can: {}", fmt::join(*turning, ", ")));
  return Ptz(session, std::move(*service), *found);
}

Result<void> Ptz::move(const PtzVector& velocity) {
  moved_ = velocity;
  return session_->tell(service_, continuous_move(profile_, velocity));
}

Result<void> Ptz::stop() {
  auto stopped = session_->tell(service_, stop_move(profile_, moved_));
  if (stopped || !is_answer(stopped.error())) return stopped;
  if (!moved_.empty()) return halt(moved_);
  // Nobody knows which axes move, or which there are.
  auto halted = halt({0.0, 0.0, std::nullopt});
  auto zoom = halt({std::nullopt, std::nullopt, 0.0});
  return halted ? halted : zoom;
}

// Zero velocity on these axes (quirk 93).
Result<void> Ptz::halt(const PtzVector& axes) {
  const auto zero = [](const std::optional<double>& axis) {
    return axis ? std::optional(0.0) : std::nullopt;
  };
  session_->quirks().insert(93);
  return session_->tell(service_,
                        continuous_move(profile_, {zero(axes.pan), zero(axes.tilt), zero(axes.zoom)}));
}

Result<void> Ptz::move_by(const PtzVector& way) {
  return session_->tell(service_, relative_move(profile_, way));
}

Result<void> Ptz::move_to(PtzVector position) {
  if (position.pan.has_value() != position.tilt.has_value()) {
    const auto now = status();
    if (!now) return fail("asking for the position", now.error());
    if (!position.pan) position.pan = now->position.pan;
    if (!position.tilt) position.tilt = now->position.tilt;
  }
  return session_->tell(service_, absolute_move(profile_, position));
}

Result<void> Ptz::home() { return session_->tell(service_, goto_home_position(profile_)); }

Result<std::vector<PtzPreset>> Ptz::presets() {
  return session_->ask(service_, get_presets(profile_), read_presets);
}

Result<std::string> Ptz::find_preset(std::string_view token_or_name) {
  const auto all = presets();
  if (!all) return fail("asking for presets", all.error());
  auto found = std::ranges::find(*all, token_or_name, &PtzPreset::token);
  if (found == all->end()) found = std::ranges::find(*all, token_or_name, &PtzPreset::name);
  if (found != all->end()) return found->token;
  std::vector<std::string> names;
  for (const auto& preset : *all)
    if (!preset.name.empty() && names.size() < 20) names.push_back(preset.name);
  return fail(ErrorCode::kNotFound, fmt::format("there is no preset '{}'", token_or_name),
              names.empty() ? std::string() : fmt::format("there are {}", fmt::join(names, ", ")));
}

Result<void> Ptz::goto_preset(std::string_view token_or_name) {
  const auto token = find_preset(token_or_name);
  if (!token) return fail(token.error());
  return session_->tell(service_, onvif::goto_preset(profile_, *token));
}

Result<std::string> Ptz::set_preset(std::string_view name) {
  const auto known = find_preset(name);
  if (!known && known.error().code != ErrorCode::kNotFound) return fail(known.error());
  auto token =
      session_->ask(service_, onvif::set_preset(profile_, name, known.value_or("")), read_set_preset);
  if (token && token->empty()) return known.value_or("");
  return token;
}

Result<void> Ptz::remove_preset(std::string_view token_or_name) {
  const auto token = find_preset(token_or_name);
  if (!token) return fail(token.error());
  return session_->tell(service_, onvif::remove_preset(profile_, *token));
}

Result<PtzStatus> Ptz::status() { return session_->ask(service_, get_ptz_status(profile_), read_ptz_status); }

}  // namespace camctl::onvif
