// camctl simulate: virtual ONVIF cameras for demonstrations and tests.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <stop_token>

#include "apps/common/app.h"
#include "apps/simulate/options.h"
#include "apps/simulate/plan.h"
#include "apps/simulate/simulation.h"
#include "base/event_loop.h"
#include "base/os/descriptors.h"
#include "base/os/heap.h"
#include "libonvif/quirks.h"

namespace camctl::simulate {
namespace {

constexpr const char* kDefaultUser = "admin";
constexpr const char* kDefaultPassword = "admin";

std::vector<apps::Column> columns() {
  const auto cell = [](const char* key) {
    return [key](const nlohmann::ordered_json& record) { return record.at(key).get<std::string>(); };
  };
  return {{"NAME", cell("name"), 12},
          {"AUTH", cell("auth"), 6},
          {"ONVIF", cell("onvif_url"), 46},
          {"RTSP", cell("rtsp_url"), 0}};
}

Result<Credentials> credentials_of(const apps::CredentialOptions& options) {
  auto credentials = apps::resolve_credentials(options);
  if (!credentials) return credentials;
  if (credentials->empty()) credentials = Credentials{kDefaultUser, Secret(kDefaultPassword)};
  return credentials;
}

Result<void> print(const Simulation& simulation, const apps::CommonOptions& common) {
  apps::RecordWriter writer(common, apps::OutputFormat::kJsonl, columns());
  for (const auto& record : simulation.records()) writer.write(record);
  return writer.finish();
}

Result<void> print_quirks(const apps::CommonOptions& common) {
  const auto number = [](const nlohmann::ordered_json& record) {
    return std::to_string(record.at("quirk").get<int>());
  };
  const auto shows = [](const nlohmann::ordered_json& record) {
    return record.at("shows").get<std::string>();
  };
  apps::RecordWriter writer(common, apps::OutputFormat::kJsonl, {{"QUIRK", number, 5}, {"SHOWS", shows, 0}});
  for (const auto& quirk : onvif::all_quirks())
    if (quirk.simulated) writer.write({{"quirk", quirk.number}, {"shows", quirk.shows}});
  return writer.finish();
}

Result<void> print_models(const apps::CommonOptions& common) {
  const auto cell = [](const char* key) {
    return [key](const nlohmann::ordered_json& record) { return record.at(key).get<std::string>(); };
  };
  const auto quirks = [](const nlohmann::ordered_json& record) {
    return fmt::format("{}", fmt::join(record.at("quirks").get<std::vector<int>>(), ","));
  };
  apps::RecordWriter writer(common, apps::OutputFormat::kJsonl,
                            {{"NAME", cell("name"), 10},
                             {"MANUFACTURER", cell("manufacturer"), 12},
                             {"MODEL", cell("model"), 27},
                             {"AUTH", cell("auth"), 6},
                             {"QUIRKS", quirks, 0}});
  for (const auto& model : onvif::virtual_models())
    writer.write({{"name", model.name},
                  {"manufacturer", model.manufacturer},
                  {"model", model.model},
                  {"auth", auth_name(model.auth)},
                  {"quirks", model.quirks}});
  return writer.finish();
}

Result<void> run(const Options& options, apps::Context& context) {
  if (options.list_quirks) return print_quirks(context.common);
  if (options.list_models) return print_models(context.common);
  context.interrupt_is_normal = true;
  const auto credentials = credentials_of(options.credentials);
  if (!credentials) return fail(credentials.error());
  auto plans = plan_cameras(options, *credentials);
  if (!plans) return fail(plans.error());
  os::raise_descriptor_limit();
  os::tune_heap_for_media();

  EventLoop loop;
  apps::ProgressLine progress(context.common);
  progress.show("making the cameras' pictures (kept for the next start)");
  auto simulation = Simulation::start(loop, options, context.common.interfaces, std::move(*plans));
  progress.clear();
  if (!simulation) return fail(simulation.error());
  if (auto r = print(**simulation, context.common); !r) return r;
  (*simulation)->announce();
  const std::stop_callback stopping(context.stop, [&] {
    loop.post([&] {
      (*simulation)->farewell();
      loop.stop();
    });
  });
  loop.run();
  return {};
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto options = std::make_shared<Options>();
  apps::add_common_options(app, common, {.output = true, .timeout = {}, .jobs = false, .interface = true});
  add_options(app, *options);
  return [options](apps::Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::simulate

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl simulate", "Runs virtual ONVIF cameras.",
                                   camctl::simulate::build);
}
