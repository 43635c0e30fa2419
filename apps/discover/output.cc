#include "apps/discover/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <system_error>

#include "base/log.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::discover {
namespace {

const std::map<std::string, apps::OutputFormat, std::less<>> kRecordFormats = {
    {"table", apps::OutputFormat::kTable},
    {"json", apps::OutputFormat::kJson},
    {"jsonl", apps::OutputFormat::kJsonl}};

std::string text_at(const nlohmann::ordered_json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// As wide as what stands in them: all records are known.
std::vector<apps::Column> columns(const std::vector<nlohmann::ordered_json>& records) {
  const auto cell = [](const char* key) {
    return [key](const nlohmann::ordered_json& record) { return text_at(record, key); };
  };
  const auto model = [](const nlohmann::ordered_json& record) {
    const std::string maker = text_at(record, "manufacturer"), name = text_at(record, "model");
    return maker.empty() || name.empty() ? maker + name : maker + " " + name;
  };
  std::vector<apps::Column> result = {{"ID", cell("id"), 10},
                                      {"NAME", cell("name"), 16},
                                      {"IP", cell("ip"), 15},
                                      {"MODEL", model, 20},
                                      {"RTSP", cell("rtsp_url"), 0}};
  for (auto& column : result)
    for (const auto& record : records) column.width = std::max(column.width, column.cell(record).size());
  result.back().width = 0;
  return result;
}

// As it goes into an address before "/hls/...".
Result<std::string> server_address(const std::string& text) {
  auto url = Url::parse(text);
  if (!url) return fail("--server", url.error());
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorCode::kUsage, fmt::format("--server: {}:// is no address of camctl serve", url->scheme),
                "give one like http://127.0.0.1:8080");
  if (!url->credentials.empty())
    return fail(ErrorCode::kUsage, "--server: a password does not belong on a command line",
                "players ask for it");
  std::string address = url->to_string();
  while (address.ends_with('/')) address.pop_back();
  return address;
}

Result<void> print_export(ExportFormat format, ExportOptions options, const std::string& server,
                          const std::vector<apps::Camera>& cameras) {
  auto address = server_address(server);
  if (!address) return fail(address.error());
  options.server = std::move(*address);
  const auto made = export_cameras(format, cameras, options);
  for (const auto& line : made.left_out) log::get().warn("{}", line);
  if (std::fwrite(made.text.data(), 1, made.text.size(), stdout) == made.text.size() &&
      std::fflush(stdout) == 0)
    return {};
  if (errno == EPIPE) return fail(ErrorCode::kCancelled, "standard output was closed");
  return fail(ErrorCode::kIo,
              fmt::format("writing to standard output: {}", std::generic_category().message(errno)));
}

}  // namespace

void add_output_options(CLI::App& app, OutputOptions& options, apps::CommonOptions& common) {
  const std::string names = "table|json|jsonl|" + export_format_names();
  const auto choices = text::split(names, "|");
  app.add_option_function<std::string>(
         "-o,--output",
         [&](const std::string& name) {
           options.format = export_format(name);
           if (!options.format) common.output = kRecordFormats.at(name);
         },
         "How cameras are printed: as records, or as what another program reads")
      ->check(CLI::IsMember(std::vector<std::string>(choices.begin(), choices.end())))
      ->type_name(names)
      ->envname("CAMCTL_OUTPUT");
  auto* server = app.add_option("--server", options.server, "With -o m3u: where camctl serve is")
                     ->type_name("URL")
                     ->capture_default_str();
  app.add_flag("--rtsp", options.rtsp, "With -o m3u: the cameras' own addresses")->excludes(server);
}

Result<void> check_output(const OutputOptions& options) {
  if (auto address = server_address(options.server); !address) return fail(address.error());
  const bool elsewhere = options.server != ExportOptions{}.server;
  if ((options.rtsp || elsewhere) && options.format != ExportFormat::kM3u)
    return fail(ErrorCode::kUsage,
                fmt::format("{} is for -o m3u only", options.rtsp ? "--rtsp" : "--server"));
  return {};
}

Result<void> print(const OutputOptions& options, const apps::CommonOptions& common,
                   const std::vector<apps::Camera>& cameras) {
  if (options.format)
    return print_export(*options.format, {.with_credentials = options.with_credentials, .rtsp = options.rtsp},
                        options.server, cameras);
  std::vector<nlohmann::ordered_json> records;
  records.reserve(cameras.size());
  for (const auto& camera : cameras) records.push_back(apps::to_json(camera));
  apps::RecordWriter writer(common, apps::OutputFormat::kJson, columns(records));
  for (const auto& record : records) writer.write(record);
  return writer.finish();
}

}  // namespace camctl::discover
