#include "apps/discover/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "apps/common/camera.h"
#include "apps/discover/cameras.h"
#include "apps/discover/input.h"
#include "apps/discover/locate.h"
#include "apps/discover/pool.h"
#include "apps/discover/summary.h"
#include "base/log.h"
#include "base/url.h"
#include "libonvif/device.h"

namespace camctl::discover {
namespace {

constexpr unsigned kDefaultJobs =
    64;  // threads that wait; 64 devices of 20 ms a call are 600 devices a second

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

// Which credentials a device is asked with: those of its URL, of the command line, of the configuration, or
// those that cameras.json keeps for its address.
class CredentialChoice {
 public:
  CredentialChoice(Credentials given, std::vector<apps::CredentialEntry> configured,
                   const std::vector<apps::Camera>& known)
      : given_(std::move(given)), configured_(std::move(configured)) {
    for (const auto& camera : known)
      if (!camera.credentials.empty()) kept_.emplace_back(camera.ip, camera.credentials);
  }

  Credentials operator()(const Request& request) const {
    if (!request.credentials.empty()) return request.credentials;
    if (!given_.empty()) return given_;
    std::string host = request.host.empty() ? request.target.ip : request.host;
    if (host.empty() && !request.target.xaddrs.empty())
      if (const auto url = Url::parse(request.target.xaddrs.front())) host = url->host;
    if (auto found = apps::find_credentials(configured_, host)) return *found;
    const auto kept = std::ranges::find(kept_, host, &std::pair<std::string, Credentials>::first);
    return kept == kept_.end() ? Credentials{} : kept->second;
  }

 private:
  Credentials given_;
  std::vector<apps::CredentialEntry> configured_;
  std::vector<std::pair<std::string, Credentials>> kept_;
};

std::string text_at(const nlohmann::ordered_json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<apps::Column> columns() {
  const auto cell = [](const char* key) {
    return [key](const nlohmann::ordered_json& record) { return text_at(record, key); };
  };
  const auto model = [](const nlohmann::ordered_json& record) {
    const std::string maker = text_at(record, "manufacturer"), name = text_at(record, "model");
    return maker.empty() || name.empty() ? maker + name : maker + " " + name;
  };
  return {{"ID", cell("id"), 10},
          {"NAME", cell("name"), 16},
          {"IP", cell("ip"), 15},
          {"MODEL", model, 20},
          {"RTSP", cell("rtsp_url"), 0}};
}

// The cameras that the file holds now; none if there is no file.
Result<std::vector<apps::Camera>> load_known(const std::string& file) {
  if (file == "-") return std::vector<apps::Camera>{};
  auto known = apps::load_cameras(file);
  if (!known && known.error().code == ErrorCode::kNotFound) return std::vector<apps::Camera>{};
  return known;
}

Result<void> print(const apps::CommonOptions& common, const std::vector<apps::Camera>& cameras) {
  apps::RecordWriter writer(common, apps::OutputFormat::kJson, columns());
  for (const auto& camera : cameras) writer.write(apps::to_json(camera));
  return writer.finish();
}

// Asks, with a line of progress and one for each failure.
std::vector<Answer> ask_all(const Options& options, const apps::CommonOptions& common,
                            const CredentialChoice& choose, std::stop_token stop, Result<void>& input) {
  apps::ProgressLine progress(common);
  std::atomic<std::size_t> known{0};
  std::size_t ready = 0, failed = 0;  // touched by done() only, which is one call at a time
  const auto ask = [&](const Request& request,
                       const Credentials& credentials) -> Result<onvif::DeviceDescription> {
    onvif::InterrogateOptions interrogate;
    interrogate.credentials = credentials;
    interrogate.total_timeout = options.device_timeout;
    interrogate.verify_tls = options.verify_tls;
    if (!common.interfaces.empty()) interrogate.interface = common.interfaces.front();
    if (request.host.empty()) return onvif::interrogate(request.target, interrogate, stop);
    const auto target = locate(request.host, request.target, stop);
    if (!target) return fail(target.error());
    return onvif::interrogate(*target, interrogate, stop);
  };
  const auto done = [&](const Answer& answer) {
    ++(answer.device ? ready : failed);
    progress.show(fmt::format("asked {} of {} devices, {} failed", ready + failed, known.load(), failed));
  };
  Pool pool(common.jobs == 0 ? kDefaultJobs : common.jobs, ask, done);
  input = read_requests(
      options.inputs, stop,
      [&](Request request) {
        auto credentials = choose(request);
        ++known;
        pool.add(std::move(request), std::move(credentials));
      },
      [](const Error& error) { log::get().info("skipped: {}", error.message); });
  return pool.finish(stop);
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

// One line for each device that failed; a device alone is the program's own error.
void report(const std::vector<Answer>& answers) {
  for (const auto& answer : answers) {
    if (answer.device) {
      for (const auto& warning : answer.device->warnings)
        log::get().info("{}: {}", answer.request.label, warning);
    } else if (answers.size() > 1) {
      const Error& error = answer.device.error();
      log::get().warn("{}: {}{}", answer.request.label, error.message,
                      error.hint.empty() ? "" : fmt::format(" ({})", error.hint));
    }
  }
}

Result<void> run(const Options& options, apps::Context& context) {
  auto config = apps::load_config(apps::default_config_sources(options.config));
  if (!config) return fail(config.error());
  const bool keep = config->settings.save_credentials;
  if (options.credentials.password_stdin && std::ranges::find(options.inputs, "-") != options.inputs.end())
    return fail(ErrorCode::kUsage, "standard input cannot give both the password and the devices",
                "use --password-file");
  if (context.common.interfaces.size() > 1)
    return fail(ErrorCode::kUsage, "devices are asked through one --interface only");
  auto given = apps::resolve_credentials(options.credentials);
  if (!given) return fail(given.error());
  auto known = load_known(options.file);
  if (!known) return fail(known.error());

  const CredentialChoice choose(std::move(*given), std::move(config->settings.credentials), *known);
  const StopAfter stop(context.stop, context.common.timeout);
  Result<void> input;
  auto answers = ask_all(options, context.common, choose, stop.token(), input);
  if (context.stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped");
  if (!input) return fail(input.error());
  for (auto& answer : answers)
    if (!answer.device && answer.device.error().code == ErrorCode::kCancelled)
      answer.device = fail(ErrorCode::kTimeout, answer.request.label + " was not asked in time");

  auto found = collect(answers, keep);
  report(answers);
  if (options.file != "-") {
    known = load_known(options.file);  // others may have written it meanwhile
    if (!known) return fail(known.error());
  }
  const bool kept_before = std::ranges::any_of(*known, [](const auto& c) { return !c.credentials.empty(); });
  const auto merged = apps::merge_cameras(std::move(*known), std::move(found), options.prune);
  if (options.file != "-" && !answers.empty())
    if (auto saved = apps::save_cameras(options.file, merged, keep || kept_before); !saved) return saved;
  if (auto printed = print(context.common, merged); !printed) return printed;
  return summarize(answers);
}

}  // namespace

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  app.add_option("devices", options->inputs,
                 "Hosts, host:port, http:// addresses, files of scan's records, or - for standard input")
      ->required()
      ->type_name("HOST|URL|FILE|-");
  app.add_option("--file", options->file, "The file of cameras to update; - for none")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--prune", options->prune, "Remove cameras of the file that were not found");
  apps::add_duration_option(app, "--device-timeout", options->device_timeout, "Time for one device (30s)");
  app.add_flag("--verify", options->verify_tls, "Check the certificates of devices that speak HTTPS");
  apps::add_credential_options(app, options->credentials);
  apps::add_config_flags(app, options->config, {"save_credentials"});
  apps::add_common_options(app, common, /*with_output=*/true);
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace camctl::discover
