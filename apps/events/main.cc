// camctl events: what cameras notice, as it happens.
#include <memory>

#include "apps/common/app.h"
#include "apps/events/listen.h"

namespace camctl::events {
namespace {

Result<void> run(const Options& options, apps::Context& context) {
  context.interrupt_is_normal = true;
  if (options.all != options.target.camera.empty())
    return fail(ErrorCode::kUsage,
                options.all ? "there is a camera and --all" : "name a camera, or give --all");
  const auto config = apps::load_config(apps::default_config_sources(options.target.config));
  if (!config) return fail(config.error());
  std::vector<device::Device> devices;
  if (options.all) {
    auto all = device::all_devices(options.target, config->settings);
    if (!all) return fail(all.error());
    devices = std::move(*all);
  } else {
    auto one = device::choose_device(options.target, config->settings);
    if (!one) return fail(one.error());
    devices.push_back(std::move(*one));
  }
  return listen(options, devices, context);
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  device::add_device_options(app, options->target);
  app.add_flag("--all", options->all, "Every camera of cameras.json");
  app.add_option("--topic", options->topic, "Only events whose topic has this text in it")->type_name("TEXT");
  app.add_option("--count", options->count, "End after so many events")->type_name("N");
  apps::add_duration_option(app, "--duration", options->duration, "End after this time (default: never)");
  apps::add_common_options(app, common, {.output = true, .timeout = {}, .jobs = false, .interface = true});
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::events

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl events",
                                   "Prints the events of cameras (motion, inputs, …) as they happen.",
                                   camctl::events::build);
}
