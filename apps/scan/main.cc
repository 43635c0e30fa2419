// camctl scan: finds cameras on the network.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "apps/common/app.h"
#include "apps/common/config.h"
#include "apps/scan/record_json.h"
#include "base/log.h"
#include "base/os/descriptors.h"
#include "libonvif/discovery.h"

namespace camctl::apps {
namespace {

struct Flags {
  ConfigFlags config;
  std::vector<std::string> networks;
  std::string ports;
  std::chrono::milliseconds wait = onvif::ScanOptions().wait;
  std::chrono::milliseconds watch_every = onvif::ScanOptions().look_every;
  unsigned rate = onvif::ScanOptions().connects_per_second;
  bool sweep_only = false, watch = false;
};

constexpr unsigned kMaxRate = 100'000;  // connects a second: more overflows the tables of common switches

void declare(CLI::App& app, Flags& flags) {
  app.add_option("--network", flags.networks,
                 "Sweep this network too, e.g. 192.168.1.0/24, except its first and last address "
                 "(several: again, or with commas)")
      ->type_name("CIDR")
      ->delimiter(',')
      ->envname("CAMCTL_NETWORK");
  app.add_option("--ports", flags.ports,
                 "Ports of the sweep, e.g. 80,554,8000-8010 (default: those of cameras)")
      ->type_name("LIST")
      ->envname("CAMCTL_PORTS");
  app.add_option("--rate", flags.rate, fmt::format("Connects a second at most (default {})", flags.rate))
      ->type_name("N")
      ->check(CLI::Range(1u, kMaxRate))
      ->envname("CAMCTL_RATE");
  add_duration_option(app, "--wait", flags.wait,
                      "How long to wait for answers to WS-Discovery (default 2.5s)")
      ->envname("CAMCTL_WAIT");
  app.add_flag("--watch", flags.watch, "Go on for ever, and tell which cameras come, change and go");
  add_duration_option(app, "--watch-every", flags.watch_every,
                      "How often --watch looks for each camera again (default 30s)");
  add_config_flags(app, flags.config, {});
  app.add_flag("--sweep-only", flags.sweep_only, "No WS-Discovery, only the sweep of --network");
}

Result<onvif::ScanOptions> scan_options(const Flags& flags, const CommonOptions& common) {
  onvif::ScanOptions options;
  for (const std::string& text : flags.networks) {
    auto network = Cidr::parse(text);
    if (!network) return fail(network.error());
    options.networks.push_back(*network);
  }
  if (!flags.ports.empty()) {
    auto ports = parse_ports(flags.ports);
    if (!ports) return fail(ports.error());
    options.ports = std::move(*ports);
  }
  if (options.networks.empty() && (flags.sweep_only || !flags.ports.empty()))
    return fail(ErrorCode::kUsage,
                fmt::format("{} is for a sweep, which needs a network",
                            flags.sweep_only ? "--sweep-only" : "--ports"),
                "add --network CIDR");
  options.wait = flags.wait;
  options.connects_per_second = flags.rate;
  options.ws_discovery = !flags.sweep_only;
  options.watch = flags.watch;
  options.look_every = flags.watch_every;
  options.interfaces = common.interfaces;
  if (common.jobs > 0) options.jobs = common.jobs;
  options.total_timeout = common.timeout;
  return options;
}

// A table has no key for the event: it goes in front of the address.
std::vector<Column> columns(bool watch) {
  std::vector<Column> result = scan_columns();
  constexpr std::size_t kEvent = 7;
  const auto event = [](const nlohmann::ordered_json& record) {
    return record.value("event", std::string());
  };
  if (watch) result.insert(result.begin(), Column{"EVENT", event, kEvent});
  return result;
}

// The time that the rest of the sweep takes at the pace that it had so far.
std::string time_left(const onvif::ScanProgress& progress, std::chrono::steady_clock::duration passed) {
  constexpr std::uint64_t kFew = 100;  // too early to tell
  if (progress.probed < kFew || progress.probed >= progress.to_probe) return {};
  const auto rest = passed * (progress.to_probe - progress.probed) / progress.probed;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(rest).count();
  return seconds < 60 ? fmt::format(", {} s left", seconds)
                      : fmt::format(", {} min {} s left", seconds / 60, seconds % 60);
}

std::string progress_text(const onvif::ScanProgress& progress, std::chrono::steady_clock::duration passed) {
  if (progress.to_probe == 0) return fmt::format("searching, {} found", progress.found);
  constexpr std::size_t kBar = 24;
  const auto done = std::min(progress.probed, progress.to_probe);
  const auto filled = static_cast<std::size_t>(done * kBar / progress.to_probe);
  return fmt::format("[{}{}] {:3}%  {} of {} ports, {} found{}", std::string(filled, '#'),
                     std::string(kBar - filled, '.'), done * 100 / progress.to_probe, done, progress.to_probe,
                     progress.found, time_left(progress, passed));
}

Result<void> run(const Flags& flags, const Context& context) {
  // No key is for scan alone, but who made a mistake in the file learns it here and not two programs later.
  if (const auto config = load_config(default_config_sources(flags.config)); !config)
    return fail(config.error());
  const auto options = scan_options(flags, context.common);
  if (!options) return fail(options.error());
  os::raise_descriptor_limit();
  RecordWriter writer(context.common, OutputFormat::kJsonl, columns(flags.watch));
  ProgressLine line(context.common);
  std::stop_source stop;
  const std::stop_callback forward(context.stop, [&] { stop.request_stop(); });
  std::size_t count = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto done = onvif::scan(
      *options, stop.get_token(),
      [&](const onvif::FoundDevice& device) {
        ++count;
        line.clear();
        log::get().debug(
            "{} {} by {}: {}", device.ip, device.event.empty() ? "found" : device.event,
            fmt::join(device.found_by, ", "),
            device.xaddrs.empty() ? "no ONVIF" : fmt::format("{}", fmt::join(device.xaddrs, ", ")));
        writer.write(to_json(device));
        if (writer.closed()) stop.request_stop();  // nobody reads any more
      },
      [&](const onvif::ScanProgress& progress) {
        line.show(progress_text(progress, std::chrono::steady_clock::now() - begin));
      });
  line.clear();
  if (!done && count == 0 && done.error().code != ErrorCode::kCancelled) return fail(done.error());
  if (const auto written = writer.finish(); !written) return fail(written.error());
  if (!done) return fail(done.error());
  if (count > 0) return {};
  return fail(ErrorCode::kNotFound, "no camera was found",
              options->networks.empty()
                  ? "a camera behind a router or without WS-Discovery needs --network CIDR"
                  : "see whether ONVIF is switched on in the camera's own settings");
}

}  // namespace
}  // namespace camctl::apps

int main(int argc, char** argv) {
  using namespace camctl::apps;
  Flags flags;
  return run_program(argc, argv, "camctl scan",
                     "Finds ONVIF cameras on the network, and prints each as it is found.",
                     [&](CLI::App& app, CommonOptions& common) -> Body {
                       declare(app, flags);
                       add_common_options(app, common,
                                          {.output = true,
                                           .timeout = "End after this time, with what was found",
                                           .jobs = true,
                                           .interface = true});
                       return [&](Context& context) { return run(flags, context); };
                     });
}
