// camctl doctor: what keeps camctl from working on this machine, and what to do.
#include <fmt/format.h>

#include <memory>

#include "apps/common/app.h"
#include "apps/common/config.h"
#include "apps/doctor/checks.h"
#include "base/os/interfaces.h"

namespace camctl::doctor {
namespace {

std::string name(Status status) {
  return status == Status::kOk ? "ok" : status == Status::kWarning ? "warning" : "failed";
}

std::vector<apps::Column> columns() {
  const auto cell = [](const char* key) {
    return [key](const nlohmann::ordered_json& record) { return record.at(key).get<std::string>(); };
  };
  const auto finding = [](const nlohmann::ordered_json& record) {
    const auto hint = record.at("hint").get<std::string>();
    return record.at("message").get<std::string>() + (hint.empty() ? "" : fmt::format(" ({})", hint));
  };
  constexpr std::size_t kStatus = 7, kCheck = 13, kSubject = 14;
  return {{"STATUS", cell("status"), kStatus},
          {"CHECK", cell("check"), kCheck},
          {"OF", cell("subject"), kSubject},
          {"FINDING", finding, 0}};
}

// Prints findings as they come, and counts them.
class Printer {
 public:
  explicit Printer(const apps::CommonOptions& common)
      : writer_(common, apps::OutputFormat::kJsonl, columns()) {}

  void operator()(const Finding& finding) {
    ++all_;
    if (finding.status == Status::kFailed) ++failed_;
    writer_.write({{"check", finding.check},
                   {"subject", finding.subject},
                   {"status", name(finding.status)},
                   {"message", finding.message},
                   {"hint", finding.hint}});
  }
  void operator()(const Findings& findings) {
    for (const auto& finding : findings) (*this)(finding);
  }

  Result<void> finish() {
    if (auto written = writer_.finish(); !written) return written;
    if (failed_ == 0) return {};
    return fail(ErrorCode::kIo, fmt::format("{} of {} checks failed", failed_, all_));
  }

 private:
  apps::RecordWriter writer_;
  std::size_t all_ = 0, failed_ = 0;
};

Result<void> run(const apps::ConfigFlags& flags, const apps::Context& context) {
  const auto& only = context.common.interfaces;
  Printer print(context.common);
  apps::Config config;
  std::size_t cameras = 0;
  print(check_versions());
  print(check_configuration(apps::default_config_sources(flags), config));
  print(check_cameras(config.settings, cameras));
  print(check_encoder(config.settings));
  print(check_clock());
  print(check_descriptors(config.settings, cameras));
  print(check_ports(config.settings));
  print(check_interfaces(only));
  print(check_firewall());
  if (context.stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped");
  print(check_multicast(only));
  return print.finish();
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  auto flags = std::make_shared<apps::ConfigFlags>();
  apps::add_config_flags(app, *flags, {"cameras", "listen", "rtsp_listen", "max_connections"});
  apps::add_common_options(app, common, {.output = true, .timeout = {}, .jobs = false, .interface = true});
  return [flags](apps::Context& context) { return run(*flags, context); };
}

}  // namespace
}  // namespace camctl::doctor

int main(int argc, char** argv) {
  return camctl::apps::run_program(
      argc, argv, "camctl doctor",
      "Looks for what keeps camctl from working on this machine, and says what to do. Asks no camera.",
      camctl::doctor::build);
}
