// camctl info: all that a device tells of itself.
#include <memory>

#include "apps/common/app.h"
#include "apps/common/stdout.h"
#include "apps/device/device.h"
#include "apps/info/record.h"
#include "libonvif/device_info.h"
#include "libonvif/interrogate.h"

namespace camctl::info {
namespace {

Result<void> run(const device::DeviceOptions& options, apps::Context& context) {
  auto connection = device::open(options, context);
  if (!connection) return fail(connection.error());
  auto& session = *connection->session;
  auto described = onvif::interrogate_by(session, connection->device.request.target);
  if (!described) return fail(described.error());
  const auto record = to_json(connection->device.id, *described, onvif::device_info(session), session);
  // A table of one row would be no help: on a terminal it is a line for each value.
  apps::RecordWriter writer(context.common, apps::OutputFormat::kJson, {});
  if (writer.format() == apps::OutputFormat::kTable) return apps::print_bytes(to_text(record));
  writer.write(record);
  return writer.finish();
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<device::DeviceOptions>();
  common.timeout = device::kUsualTimeout;
  device::add_device_options(app, *options)->required();
  apps::add_common_options(app, common, device::common_use(true));
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::info

int main(int argc, char** argv) {
  return camctl::apps::run_program(
      argc, argv, "camctl info",
      "Shows what a device tells of itself: identity, services, network, clock, users.", camctl::info::build);
}
