#include "apps/discover/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "apps/common/camera.h"
#include "apps/discover/cameras.h"
#include "apps/discover/input.h"
#include "apps/discover/known_devices.h"
#include "apps/discover/locate.h"
#include "apps/discover/output.h"
#include "apps/discover/pool.h"
#include "apps/discover/summary.h"
#include "base/atomic_file.h"
#include "base/log.h"
#include "base/url.h"
#include "libonvif/device.h"
#include "libonvif/quirks.h"

namespace camctl::discover {
namespace {

// Threads that wait, 100 KB each: with a dozen calls of 20 ms a device they ask 1000 devices a second, which
// is what two cores can.
constexpr unsigned kDefaultJobs = 256;

// Stops what it is given to when the program is stopped, or after a time.
class StopAfter {
 public:
  StopAfter(std::stop_token stop, std::chrono::milliseconds timeout)
      : chained_(stop, [this] { source_.request_stop(); }) {
    if (timeout.count() == 0) return;
    timer_ = std::jthread([this, timeout](std::stop_token done) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait_for(lock, done, timeout, [] { return false; });
      if (!done.stop_requested()) source_.request_stop();
    });
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> chained_;
  std::jthread timer_;
};

// The cameras that the file holds now; none if there is no file.
Result<std::vector<apps::Camera>> load_known(const std::string& file) {
  if (file == "-") return std::vector<apps::Camera>{};
  auto known = apps::load_cameras(file);
  if (!known && known.error().code == ErrorCode::kNotFound) return std::vector<apps::Camera>{};
  return known;
}

// A device that is known by its key over https must show it: what it says by plain HTTP may be anybody's.
Result<void> require_https(const Request& request, onvif::DeviceTarget& target) {
  std::erase_if(target.xaddrs, [](const std::string& xaddr) { return !xaddr.starts_with("https:"); });
  if (!target.xaddrs.empty()) return {};
  return fail(ErrorCode::kProtocol,
              request.label + " is known by its TLS key, and offers plain HTTP only now",
              "another device may answer there; if it is as it should be, add --trust-new-keys");
}

// Finds the device's port where it is not known, and asks it, both within --device-timeout. The credentials
// are chosen by what is known of it by then.
Result<onvif::DeviceDescription> ask(Request request, Credentials& credentials, const Options& options,
                                     const apps::CommonOptions& common, const KnownDevices& known_devices,
                                     std::stop_token stop) {
  using Clock = std::chrono::steady_clock;
  onvif::InterrogateOptions interrogate;
  interrogate.verify_tls = options.verify_tls;
  interrogate.allow_plain = options.allow_plain;
  if (!common.interfaces.empty()) interrogate.interface = common.interfaces.front();
  const auto limit = options.device_timeout.count() > 0 ? options.device_timeout : apps::kMaxDuration;
  const auto until = Clock::now() + limit;
  auto& target = request.target;
  if (!request.host.empty()) {
    auto located = locate(request.host, std::move(target), limit, stop);
    if (!located) return fail(located.error());
    target = std::move(*located);
  }
  credentials = known_devices.credentials_for(request);
  interrogate.credentials = credentials;
  if (!options.trust_new_keys) {
    const auto key = known_devices.key_of(request);
    if (!key) return fail(key.error());
    if (*key) interrogate.tls_pin = (*key)->pin;
    if (*key && (*key)->https_only)
      if (auto kept = require_https(request, target); !kept) return fail(kept.error());
  }
  std::string key;
  interrogate.unverified = [&](const tls::KeyPin& shown) { key = shown.to_string(); };
  interrogate.total_timeout =
      std::max(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()),
               std::chrono::milliseconds(1));
  log::get().debug("{}: asking {} {}", request.label, fmt::join(target.xaddrs, ", "),
                   credentials.empty() ? "without credentials" : "as " + credentials.user);
  auto device = onvif::interrogate(target, interrogate, stop);
  if (!device) return device;
  device->tls_pin = std::move(key);
  log::get().debug("{}: {} {} at {}, authentication {}, {} profiles", request.label, device->manufacturer,
                   device->model, device->onvif_url, device->auth_scheme, device->profiles.size());
  for (const int quirk : device->quirks)
    log::get().debug("{}: quirk {}: {}", request.label, quirk, onvif::quirk_text(quirk));
  return device;
}

// The same device twice is asked once: it may bear one request at a time (quirk 42), and a user that it
// refuses is not tried again (quirk 57).
class Once {
 public:
  bool is_new(const Request& request) {
    std::string where = request.host;
    if (!request.target.xaddrs.empty())
      if (const auto url = Url::parse(request.target.xaddrs.front()))
        where = fmt::format("{} {}", request.target.ip.empty() ? url->host : request.target.ip,
                            url->effective_port());
    return where.empty() || asked_.insert(std::move(where)).second;
  }

 private:
  std::set<std::string> asked_;
};

// Asks, with a line of progress and one for each failure.
std::vector<Answer> ask_all(const Options& options, const apps::CommonOptions& common,
                            const KnownDevices& known_devices, std::stop_token stop, Result<void>& input) {
  apps::ProgressLine progress(common);
  std::atomic<std::size_t> known{0};
  std::size_t ready = 0, failed = 0;  // touched by done() only, which is one call at a time
  const auto ask_one = [&](const Request& request, Credentials& credentials) {
    return ask(request, credentials, options, common, known_devices, stop);
  };
  Once once;
  const auto done = [&](const Answer& answer) {
    ++(answer.device ? ready : failed);
    progress.show(fmt::format("asked {} of {} devices, {} failed", ready + failed, known.load(), failed));
  };
  Pool pool(common.jobs == 0 ? kDefaultJobs : common.jobs, ask_one, done);
  input = read_requests(
      options.inputs, stop,
      [&](Request request) {
        if (!once.is_new(request)) return log::get().debug("{}: asked already", request.label);
        ++known;
        pool.add(std::move(request));
      },
      [](const Error& error) { log::get().info("skipped: {}", error.message); });
  return pool.finish(stop);
}

// Keys that were shown for the first time, or in place of others: said, because nobody vouches for them.
void report_keys(const std::vector<apps::Camera>& known, const std::vector<apps::Camera>& found,
                 const Options& options) {
  std::set<std::string> told;
  for (const auto& camera : found) {
    const auto& key = camera.onvif_tls_pin;
    const bool old = std::ranges::any_of(known, [&](const auto& one) { return one.onvif_tls_pin == key; });
    if (key.empty() || old || !told.insert(camera.onvif_url).second) continue;
    log::get().warn("{}: nobody vouches for its TLS key {}{}", camera.ip, key,
                    options.file == "-" ? "" : "; from now on only this one will do");
  }
}

// --trust-new-keys: those of the cameras that were found go before what the file had.
void take_new_keys(std::vector<apps::Camera>& merged, const std::map<std::string, std::string>& keys) {
  for (auto& camera : merged)
    if (const auto key = keys.find(camera.onvif_url); key != keys.end()) camera.onvif_tls_pin = key->second;
}

// A device without a stream is of no use, whatever else it told.
std::vector<apps::Camera> collect(std::vector<Answer>& answers, bool keep_credentials) {
  std::vector<apps::Camera> found;
  for (auto& answer : answers) {
    if (!answer.device) continue;
    auto cameras = cameras_of(answer, keep_credentials);
    if (cameras.empty()) {
      const auto& profiles = answer.device->profiles;
      const std::string why = profiles.empty() ? "it has no profiles" : profiles.front().error;
      answer.device = fail(ErrorCode::kProtocol, answer.request.label + " names no stream: " + why);
    }
    std::ranges::move(cameras, std::back_inserter(found));
  }
  return found;
}

// One line for each device that failed; a device alone is the program's own error, unless `each`.
void report(const std::vector<Answer>& answers, bool each) {
  for (const auto& answer : answers) {
    if (answer.device) {
      for (const auto& warning : answer.device->warnings)
        log::get().info("{}: {}", answer.request.label, warning);
    } else if (answers.size() > 1 || each) {
      const Error& error = answer.device.error();
      const bool named = error.message.find(answer.request.label) != std::string::npos;
      log::get().error("{}{}{}", named ? "" : answer.request.label + ": ", error.message,
                       error.hint.empty() ? "" : fmt::format(" ({})", error.hint));
    }
  }
}

// What can be wrong before any device is asked.
Result<void> check(const Options& options, const apps::CommonOptions& common) {
  if (options.inputs.empty() && !options.offline)
    return fail(
        ErrorCode::kUsage, "there is no device to ask",
        "give hosts, pipe camctl scan into camctl discover -, or print what the file of cameras holds "
        "by --offline");
  if (options.offline && options.file == "-" && options.credentials.password_stdin)
    return fail(ErrorCode::kUsage, "standard input cannot give both the password and the cameras",
                "use --password-file");
  if (auto output = check_output(options.output); !output) return output;
  if (options.credentials.password_stdin && std::ranges::find(options.inputs, "-") != options.inputs.end())
    return fail(ErrorCode::kUsage, "standard input cannot give both the password and the devices",
                "use --password-file");
  if (common.interfaces.size() > 1)
    return fail(ErrorCode::kUsage, "devices are asked through one --interface only");
  if (auto inputs = check_inputs(options.inputs); !inputs) return inputs;
  if (options.offline || options.file == "-") return {};
  auto writable = check_replaceable(options.file);
  return writable ? writable
                  : fail(writable.error().code, writable.error().message,
                         "name another file by --file, or give --file - to print only");
}

// Where the input broke off, or somebody interrupted, what is known by then is kept all the same.
Result<void> conclude(const std::vector<Answer>& answers, const Result<void>& input, bool interrupted) {
  const auto asked = std::ranges::count_if(answers, [](const Answer& a) { return a.device.has_value(); });
  if (interrupted) {
    if (!answers.empty())
      log::get().warn("interrupted: {} of {} devices have answered{}", asked, answers.size(),
                      asked > 0 ? " and are kept" : "");
    return fail(ErrorCode::kCancelled, "stopped");
  }
  if (input) return summarize(answers);
  if (asked == 0) return fail(input.error());
  return fail(ErrorCode::kPartial,
              fmt::format("{}; the {} before it {} kept", input.error().message,
                          asked == 1 ? "device" : "devices", asked == 1 ? "is" : "are"),
              input.error().hint);
}

// --offline: prints what the file holds. Credentials that were given are for its cameras as if they were
// asked.
Result<void> print_known(const Options& options, const apps::CommonOptions& common, Credentials given,
                         std::vector<apps::CredentialEntry> configured) {
  auto cameras = apps::load_named_cameras(options.file);
  if (!cameras) return fail(cameras.error());
  const KnownDevices known_devices(std::move(given), std::move(configured), *cameras);
  for (auto& camera : *cameras) {
    Request request;
    request.target.ip = camera.ip;
    request.target.endpoint = camera.endpoint;
    request.target.mac = camera.mac;
    if (auto chosen = known_devices.credentials_for(request); !chosen.empty())
      camera.credentials = std::move(chosen);
  }
  if (auto printed = print(options.output, common, *cameras); !printed) return printed;
  if (!cameras->empty()) return {};
  return fail(ErrorCode::kNotFound, "there is no camera in " + options.file,
              "camctl scan | camctl discover - finds some");
}

Result<void> run(const Options& options, apps::Context& context) {
  auto config = apps::load_config(apps::default_config_sources(options.config));
  if (!config) return fail(config.error());
  const bool keep = options.save_credentials || config->settings.save_credentials;
  if (auto fine = check(options, context.common); !fine) return fine;
  auto given = apps::resolve_credentials(options.credentials);
  if (!given) return fail(given.error());
  if (options.offline)
    return print_known(options, context.common, std::move(*given), std::move(config->settings.credentials));
  auto known = load_known(options.file);
  if (!known) return fail(known.error());

  const KnownDevices known_devices(std::move(*given), std::move(config->settings.credentials), *known);
  const StopAfter stop(context.stop, context.common.timeout);
  Result<void> input;
  auto answers = ask_all(options, context.common, known_devices, stop.token(), input);
  const bool interrupted = context.stop.stop_requested();
  for (auto& answer : answers)
    if (!interrupted && !answer.device && answer.device.error().code == ErrorCode::kCancelled)
      answer.device = fail(ErrorCode::kTimeout, answer.request.label + " was not asked in time");

  auto found = collect(answers, keep);
  if (!interrupted) report(answers, !input);
  if (found.empty() && (interrupted || !input)) return conclude(answers, input, interrupted);
  if (options.file != "-") {
    known = load_known(options.file);  // others may have written it meanwhile
    if (!known) return fail(known.error());
  }
  report_keys(*known, found, options);
  std::map<std::string, std::string> keys;
  for (const auto& camera : found) keys.emplace(camera.onvif_url, camera.onvif_tls_pin);
  const bool kept_before = std::ranges::any_of(*known, [](const auto& c) { return !c.credentials.empty(); });
  auto merged = apps::merge_cameras(std::move(*known), std::move(found),
                                    options.prune && input.has_value() && !interrupted);
  if (options.trust_new_keys) take_new_keys(merged, keys);
  Result<void> saved;
  if (options.file != "-" && !answers.empty())
    saved = apps::save_cameras(options.file, merged, keep || kept_before);
  auto printed = print(options.output, context.common, merged);
  if (!saved) return saved;
  if (!printed) return printed;
  return conclude(answers, input, interrupted);
}

}  // namespace

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  auto* devices =
      app.add_option("devices", options->inputs,
                     "Hosts, host:port, http:// addresses, files of scan's records, or - for standard input")
          ->type_name("HOST|URL|FILE|-");
  app.add_option("--file", options->file, "The file of cameras to update; - for none")
      ->type_name("FILE")
      ->capture_default_str();
  auto* prune = app.add_flag("--prune", options->prune, "Remove cameras of the file that were not found");
  app.add_flag("--offline", options->offline,
               "Ask no device: print what the file of cameras holds (--file - reads it from standard input)")
      ->excludes(devices)
      ->excludes(prune);
  add_output_options(app, options->output, common);
  apps::add_duration_option(app, "--device-timeout", options->device_timeout,
                            "Time for one device (default 30s; 0 for no limit)");
  app.add_flag("--verify", options->verify_tls, "Check the certificates of devices that speak HTTPS");
  app.add_flag("--allow-plain", options->allow_plain,
               "Send the password itself to devices that refuse its digest");
  app.add_flag(
      "--trust-new-keys", options->trust_new_keys,
      "Take the TLS keys that devices show now for theirs, also where the file of cameras has others");
  apps::add_credential_options(app, options->credentials);
  apps::add_config_flags(app, options->config, {});
  app.add_flag(
      "--save-credentials", options->save_credentials,
      "Keep the passwords that were used in the file of cameras (its mode is then 0600), and print them in "
      "the addresses of an export");
  apps::add_common_options(app, common,
                           {.output = false,
                            .timeout = "End after this time, with what is known by then",
                            .jobs = true,
                            .interface = true});
  return [options](apps::Context& context) {
    options->output.with_credentials = options->save_credentials;
    return run(*options, context);
  };
}

}  // namespace camctl::discover
