// camctl set: changes a camera's settings, and shows what the camera made of them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "apps/common/app.h"
#include "apps/device/device.h"
#include "libonvif/settings.h"

namespace camctl::set {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  device::DeviceOptions target;
  std::string profile, hostname, clock, ntp_server;
  onvif::EncoderSettings encoder;
  onvif::ImagingSettings imaging;
  bool dry_run = false;

  bool empty() const { return encoder.empty() && imaging.empty() && hostname.empty() && clock.empty(); }
};

std::vector<apps::Column> columns() {
  const auto cell = [](const char* key) {
    return [key](const Json& record) {
      return record.contains(key) ? record.at(key).get<std::string>() : std::string{};
    };
  };
  return {{"SETTING", cell("setting"), 22},
          {"BEFORE", cell("before"), 10},
          {"WANTED", cell("wanted"), 10},
          {"AFTER", cell("after"), 0}};
}

Json record_of(const onvif::SettingChange& change, bool dry_run) {
  Json record = {{"setting", change.name}, {"before", change.before}, {"wanted", change.wanted}};
  if (!dry_run) record["after"] = change.after;
  if (!dry_run) record["taken"] = change.taken();
  return record;
}

// Each step adds what it changed; the first that fails ends it.
Result<void> apply(onvif::DeviceSession& session, const Options& options,
                   const std::vector<std::string>& profiles, onvif::SettingChanges& changes) {
  const auto add = [&](Result<onvif::SettingChanges> made) -> Result<void> {
    if (!made) return fail(made.error());
    changes.insert(changes.end(), made->begin(), made->end());
    return {};
  };
  Result<void> done;
  if (!options.encoder.empty())
    done = add(onvif::set_encoder(session, profiles, options.encoder, options.dry_run));
  if (done && !options.imaging.empty())
    done = add(onvif::set_imaging(session, profiles, options.imaging, options.dry_run));
  if (done && !options.hostname.empty())
    done = add(onvif::set_hostname(session, options.hostname, options.dry_run));
  if (done && !options.clock.empty()) {
    const auto source = options.clock == "ntp" ? onvif::ClockSource::kNtp : onvif::ClockSource::kOurs;
    done = add(onvif::set_clock(session, {source, options.ntp_server}, options.dry_run));
  }
  return done;
}

Result<void> conclude(const Result<void>& done, const onvif::SettingChanges& changes, bool dry_run) {
  if (!done && changes.empty()) return done;
  if (!done) return fail(ErrorCode::kPartial, "not all is set: " + done.error().message, done.error().hint);
  const auto refused = std::ranges::find_if(changes, [](const auto& change) { return !change.taken(); });
  if (dry_run || refused == changes.end()) return {};
  return fail(ErrorCode::kPartial,
              fmt::format("the camera took {} as {}, not as {}", refused->name,
                          refused->after.empty() ? "nothing" : refused->after, refused->wanted),
              "camctl info shows what it has now");
}

Result<void> run(const Options& options, apps::Context& context) {
  if (options.empty()) return fail(ErrorCode::kUsage, "nothing to set", "try camctl set --help");
  if (!options.ntp_server.empty() && options.clock != "ntp")
    return fail(ErrorCode::kUsage, "--ntp-server goes with --clock ntp");
  auto connection = device::open(options.target, context);
  if (!connection) return fail(connection.error());
  const auto profiles =
      options.profile.empty() ? connection->device.profiles : std::vector<std::string>{options.profile};
  onvif::SettingChanges changes;
  const auto done = apply(*connection->session, options, profiles, changes);
  apps::RecordWriter writer(context.common, apps::OutputFormat::kJsonl, columns());
  for (const auto& change : changes) writer.write(record_of(change, options.dry_run));
  if (auto printed = writer.finish(); !printed) return printed;
  return conclude(done, changes, options.dry_run);
}

// "1920x1080"
bool parse_size(const std::string& text, unsigned& width, unsigned& height) {
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, width);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != 'x') return false;
  const auto second = std::from_chars(first.ptr + 1, end, height);
  constexpr unsigned kMostPixels = 16'384;  // a side of the largest sensors
  return second.ec == std::errc{} && second.ptr == end && width > 0 && height > 0 && width <= kMostPixels &&
         height <= kMostPixels;
}

template <class Number>
void add_number(CLI::App& app, const std::string& name, std::optional<Number>& value, double least,
                double most, const std::string& what) {
  app.add_option_function<Number>(
         name, [&value](const Number& given) { value = given; }, what)
      ->check(CLI::Range(least, most))
      ->type_name("N");
}

void add_encoder_options(CLI::App& app, Options& options) {
  auto& encoder = options.encoder;
  app.add_option_function<std::string>(
         "--resolution",
         [&encoder](const std::string& text) {
           unsigned width = 0, height = 0;
           if (!parse_size(text, width, height))
             throw CLI::ValidationError("--resolution", "write 1920x1080");
           encoder.width = width;
           encoder.height = height;
         },
         "Size of the picture")
      ->type_name("WxH");
  add_number(app, "--fps", encoder.fps, 0.1, 1000, "Pictures a second");
  add_number(app, "--bitrate", encoder.bitrate_kbps, 1, 1'000'000, "Kilobits a second");
  add_number(app, "--gop", encoder.gop, 1, 10'000, "Pictures from one key frame to the next");
  app.add_option("--profile", options.profile, "Token of the profile (default: the camera's first)")
      ->type_name("TOKEN");
}

void add_imaging_options(CLI::App& app, Options& options) {
  constexpr double kMost = 1e6;  // each device has a range of its own
  auto& imaging = options.imaging;
  add_number(app, "--brightness", imaging.brightness, 0, kMost, "In the camera's own range, often 0 to 100");
  add_number(app, "--contrast", imaging.contrast, 0, kMost, "The same");
  add_number(app, "--saturation", imaging.saturation, 0, kMost, "The same");
  add_number(app, "--sharpness", imaging.sharpness, 0, kMost, "The same");
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  common.timeout = device::kUsualTimeout;
  device::add_device_options(app, options->target)->required();
  add_encoder_options(app, *options);
  add_imaging_options(app, *options);
  app.add_option("--clock", options->clock,
                 "now: by this computer's clock; ntp: by an NTP server from now on")
      ->check(CLI::IsMember({"now", "ntp"}))
      ->type_name("now|ntp");
  app.add_option("--ntp-server", options->ntp_server, "The server for --clock ntp (default: the one it has)")
      ->type_name("HOST");
  app.add_option("--hostname", options->hostname, "The camera's name in the network")->type_name("NAME");
  app.add_flag("--dry-run", options->dry_run, "Show what would change, change nothing");
  apps::add_common_options(app, common, device::common_use(true));
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::set

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl set",
                                   "Changes a camera's settings, and shows what the camera made of them.",
                                   camctl::set::build);
}
