// camctl snapshot: a still picture, as the camera makes it.
#include <unistd.h>

#include <memory>

#include "apps/common/app.h"
#include "apps/common/stdout.h"
#include "apps/device/device.h"
#include "base/atomic_file.h"
#include "base/log.h"
#include "base/url.h"
#include "libonvif/snapshot.h"

namespace camctl::snapshot {
namespace {

struct Options {
  device::DeviceOptions target;
  std::string output, profile;
};

Result<void> write(const std::string& jpeg, const std::string& output) {
  if (output != "-") return write_file_atomically(output, jpeg, {});
  return apps::print_bytes(jpeg);
}

// Credentials go only to the host that they belong to, whatever the file of cameras says of its pictures.
Result<std::string> fetch(const std::string& address, const std::string& host, const device::Device& device,
                          const Options& options, const apps::Context& context) {
  const auto url = Url::parse(address);
  if (!url) return fail(url.error());
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorCode::kUnsupported, "snapshots come by http or https, not by " + url->scheme);
  auto how = device::ask_options(device, options.target, context.common);
  if (url->host != host) {
    how.credentials = {};
    how.tls_pin.reset();
  }
  how.total_timeout = context.common.timeout;
  return onvif::fetch_snapshot(*url, how, context.stop);
}

// What cameras.json knows goes first: it needs no ONVIF. Where that fails, the camera is asked.
Result<std::string> take(const Options& options, const apps::Context& context) {
  const auto config = apps::load_config(apps::default_config_sources(options.target.config));
  if (!config) return fail(config.error());
  const auto device = device::choose_device(options.target, config->settings);
  if (!device) return fail(device.error());
  if (!device->snapshot_url.empty() && options.profile.empty()) {
    auto jpeg = fetch(device->snapshot_url, device->request.target.ip, *device, options, context);
    if (jpeg || jpeg.error().code == ErrorCode::kAuth || jpeg.error().code == ErrorCode::kCancelled)
      return jpeg;
    log::get().info("{}: {}; asking for another address", device->id, jpeg.error().message);
  }
  auto session = device::connect(*device, options.target, context.common, {.total = context.common.timeout},
                                 context.stop);
  if (!session) return fail(session.error());
  const auto profiles =
      options.profile.empty() ? device->profiles : std::vector<std::string>{options.profile};
  const auto url = onvif::snapshot_uri(**session, profiles);
  if (!url) {
    Error error = url.error();
    if (error.code == ErrorCode::kUnsupported)
      error.hint = "camctl serve makes pictures of the stream: /api/cameras/{id}/snapshot.jpg";
    return fail(error);
  }
  return fetch(url->url, (*session)->url().host, *device, options, context);
}

Result<void> run(const Options& options, apps::Context& context) {
  if (options.output == "-" && isatty(STDOUT_FILENO) == 1)
    return fail(ErrorCode::kUsage, "standard output is a terminal", "name a file, or send it to a program");
  const auto jpeg = take(options, context);
  if (!jpeg) return fail(jpeg.error());
  return write(*jpeg, options.output);
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  common.timeout = device::kUsualTimeout;
  device::add_device_options(app, options->target)->required();
  app.add_option("-o,--output", options->output, "File for the JPEG, or - for standard output")
      ->required()
      ->type_name("FILE|-");
  app.add_option("--profile", options->profile, "Token of the profile (default: the camera's first)")
      ->type_name("TOKEN");
  apps::add_common_options(app, common, device::common_use(false));
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::snapshot

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl snapshot",
                                   "Fetches a still picture that the camera makes.", camctl::snapshot::build);
}
