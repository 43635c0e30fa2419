// camctl reboot: starts a camera anew.
#include <memory>

#include "apps/common/app.h"
#include "apps/device/device.h"
#include "base/log.h"
#include "libonvif/settings.h"

namespace camctl::reboot {
namespace {

struct Options {
  device::DeviceOptions target;
  bool yes = false;
};

Result<void> run(const Options& options, apps::Context& context) {
  if (!options.yes)
    return fail(ErrorCode::kUsage, "a camera that reboots is away for a minute or two",
                "add --yes if that is what you want");
  auto connection = device::open(options.target, context);
  if (!connection) return fail(connection.error());
  const auto answer = onvif::reboot(*connection->session);
  if (!answer) return fail(answer.error());
  log::get().info("{}: {}", connection->device.id, answer->empty() ? "reboots" : *answer);
  return {};
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  common.timeout = device::kUsualTimeout;
  device::add_device_options(app, options->target)->required();
  app.add_flag("--yes", options->yes, "Really do it");
  apps::add_common_options(app, common, device::common_use(false));
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::reboot

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl reboot", "Starts a camera anew.",
                                   camctl::reboot::build);
}
