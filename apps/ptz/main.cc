// camctl ptz: turns a camera.
#include <fmt/format.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include "apps/common/app.h"
#include "apps/device/device.h"
#include "apps/ptz/record.h"
#include "libonvif/ptz.h"

namespace camctl::ptz {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

struct Options {
  device::DeviceOptions target;
  std::string action, preset, profile;
  onvif::PtzVector vector;
  milliseconds time{1000};  // of a move; 0: until somebody stops it
  bool relative = false, absolute = false;
};

// For the stop at a move's end, which --timeout must not keep from going out; and after an interrupt.
constexpr milliseconds kStopTime{10'000}, kFarewell{900};

std::vector<apps::Column> columns() {
  const auto cell = [](const char* key) {
    return [key](const Json& record) {
      const auto found = record.find(key);
      if (found == record.end()) return std::string{};
      return found->is_string() ? found->get<std::string>() : apps::dump(*found);
    };
  };
  return {{"TOKEN", cell("token"), 12}, {"NAME", cell("name"), 20}, {"PAN", cell("pan"), 8},
          {"TILT", cell("tilt"), 8},    {"ZOOM", cell("zoom"), 8},  {"MOVING", cell("moving"), 0}};
}

Result<void> print(const apps::Context& context, const std::vector<Json>& records) {
  apps::RecordWriter writer(context.common, apps::OutputFormat::kJsonl, columns());
  for (const auto& record : records) writer.write(record);
  return writer.finish();
}

// ---- What it can do. Each is one row of actions().

// Whoever starts a move must stop it, whatever comes between (quirk 93).
Result<void> move_for(onvif::Ptz& ptz, onvif::DeviceSession& session, const Options& options,
                      const apps::Context& context) {
  auto moving = ptz.move(options.vector);
  if (moving && options.time.count() == 0) return {};
  if (moving) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, context.stop, options.time, [] { return false; });
  }
  session.allow_farewell(context.stop.stop_requested() ? kFarewell : kStopTime);
  auto stopped = ptz.stop();
  if (!moving) return moving;  // it may have begun to move all the same
  return stopped ? stopped : fail("the camera may still be moving", stopped.error());
}

Result<void> move(onvif::Ptz& ptz, onvif::DeviceSession& session, const Options& options,
                  const apps::Context& context) {
  if (options.relative) return ptz.move_by(options.vector);
  if (options.absolute) return ptz.move_to(options.vector);
  return move_for(ptz, session, options, context);
}

Result<void> stop(onvif::Ptz& ptz, onvif::DeviceSession&, const Options&, const apps::Context&) {
  return ptz.stop();
}

Result<void> home(onvif::Ptz& ptz, onvif::DeviceSession&, const Options&, const apps::Context&) {
  return ptz.home();
}

Result<void> presets(onvif::Ptz& ptz, onvif::DeviceSession&, const Options&, const apps::Context& context) {
  const auto all = ptz.presets();
  if (!all) return fail(all.error());
  std::vector<Json> records;
  for (const auto& preset : *all) records.push_back(to_json(preset));
  return print(context, records);
}

Result<void> go(onvif::Ptz& ptz, onvif::DeviceSession&, const Options& options, const apps::Context&) {
  return ptz.goto_preset(options.preset);
}

Result<void> set_preset(onvif::Ptz& ptz, onvif::DeviceSession&, const Options& options,
                        const apps::Context& context) {
  const auto token = ptz.set_preset(options.preset);
  if (!token) return fail(token.error());
  return print(context, {to_json(onvif::PtzPreset{*token, options.preset, {}})});
}

Result<void> remove_preset(onvif::Ptz& ptz, onvif::DeviceSession&, const Options& options,
                           const apps::Context&) {
  return ptz.remove_preset(options.preset);
}

Result<void> status(onvif::Ptz& ptz, onvif::DeviceSession&, const Options&, const apps::Context& context) {
  const auto now = ptz.status();
  if (!now) return fail(now.error());
  return print(context, {to_json(*now)});
}

struct Action {
  Result<void> (*run)(onvif::Ptz&, onvif::DeviceSession&, const Options&, const apps::Context&);
  bool takes_preset = false;
};

const std::map<std::string, Action>& actions() {
  static const std::map<std::string, Action> kActions = {
      {"move", {move}},     {"stop", {stop}},
      {"home", {home}},     {"presets", {presets}},
      {"goto", {go, true}}, {"set-preset", {set_preset, true}},
      {"status", {status}}, {"remove-preset", {remove_preset, true}}};
  return kActions;
}

Result<void> check(const Options& options) {
  const bool moves = options.action == "move";
  if (moves && options.vector.empty())
    return fail(ErrorCode::kUsage, "which way? give --pan, --tilt or --zoom");
  if (!moves && !options.vector.empty())
    return fail(ErrorCode::kUsage, fmt::format("{} takes no --pan, --tilt or --zoom", options.action));
  const bool wants = actions().at(options.action).takes_preset;
  if (wants && options.preset.empty())
    return fail(ErrorCode::kUsage, fmt::format("{} wants a preset's name", options.action));
  if (!wants && !options.preset.empty())
    return fail(ErrorCode::kUsage, fmt::format("{} takes no preset", options.action));
  return {};
}

Result<void> run(const Options& options, apps::Context& context) {
  if (auto fine = check(options); !fine) return fine;
  auto connection = device::open(options.target, context);
  if (!connection) return fail(connection.error());
  const auto profiles =
      options.profile.empty() ? connection->device.profiles : std::vector<std::string>{options.profile};
  auto ptz = onvif::Ptz::open(*connection->session, profiles);
  if (!ptz) return fail(ptz.error());
  return actions().at(options.action).run(*ptz, *connection->session, options, context);
}

void add_axis(CLI::App& app, const std::string& name, std::optional<double>& value, const std::string& what) {
  app.add_option_function<double>(
         name, [&value](const double& given) { value = given; }, what)
      ->check(CLI::Range(-1.0, 1.0))
      ->type_name("N");
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  common.timeout = device::kUsualTimeout;
  device::add_device_options(app, options->target)->required();
  std::vector<std::string> names;
  for (const auto& [name, action] : actions()) names.push_back(name);
  app.add_option("action", options->action,
                 "move, stop, home, status, presets, goto, set-preset or remove-preset")
      ->required()
      ->check(CLI::IsMember(names))
      ->type_name("ACTION");
  app.add_option("preset", options->preset,
                 "Name or token of a preset, for goto, set-preset and remove-preset")
      ->type_name("PRESET");
  add_axis(app, "--pan", options->vector.pan, "Velocity of a move, -1 (left) to 1 (right)");
  add_axis(app, "--tilt", options->vector.tilt, "Velocity, -1 (down) to 1 (up)");
  add_axis(app, "--zoom", options->vector.zoom, "Velocity, -1 (wide) to 1 (tele)");
  apps::add_duration_option(app, "--for", options->time,
                            "Move so long, then stop (default 1s; 0: until somebody stops it)");
  auto* relative = app.add_flag("--relative", options->relative, "Move by so much instead");
  app.add_flag("--absolute", options->absolute, "Move to this position instead (zoom: 0 to 1)")
      ->excludes(relative);
  app.add_option("--profile", options->profile,
                 "Token of a profile that can turn (default: the camera's first)")
      ->type_name("TOKEN");
  apps::add_common_options(app, common, device::common_use(true));
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::ptz

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl ptz",
                                   "Turns a camera: moves, presets, its home position.", camctl::ptz::build);
}
