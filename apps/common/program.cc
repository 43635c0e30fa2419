#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <set>
#include <system_error>

#include "apps/common/app.h"
#include "apps/common/help.h"
#include "apps/common/signals.h"
#include "base/log.h"
#include "base/os/host.h"
#include "base/os/interfaces.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::apps {
namespace {

// Whether the command line asks for JSON, for errors that come before it is parsed as a whole.
bool wants_json(const CLI::App& app, const CommonOptions& options, const std::vector<std::string>& args) {
  if (options.output) return *options.output == OutputFormat::kJson;
  const CLI::Option* output = app.get_option_no_throw("--output");
  if (output == nullptr || !output->get_type_name().starts_with("table|json")) return false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--output=json" || args[i] == "-ojson") return true;
    if ((args[i] == "-o" || args[i] == "--output") && i + 1 < args.size() && args[i + 1] == "json")
      return true;
  }
  return false;
}

// Before the command line is understood as well.
bool wants_json_log(const CommonOptions& options, const std::vector<std::string>& args) {
  if (options.log_json) return true;
  const char* variable = std::getenv("CAMCTL_LOG_FORMAT");
  if (variable != nullptr && std::string_view(variable) == "json") return true;
  for (std::size_t i = 0; i < args.size(); ++i)
    if (args[i] == "--log-format=json" ||
        (args[i] == "--log-format" && i + 1 < args.size() && args[i + 1] == "json"))
      return true;
  return false;
}

struct Report {
  bool json = false;      // the object of -o json as well
  bool json_log = false;  // --log-format json: the line as one of the log
};

int report(std::string_view program, const Error& error, Report how) {
  const std::string message = redact_urls(error.message), hint = redact_urls(error.hint);
  std::string line = fmt::format("{}: {}", program, printable(message));
  if (!hint.empty()) line += fmt::format(" ({})", printable(hint));
  if (how.json_log) {
    log::init({.verbosity = 0, .json = true, .color = false});
    log::get().error("{}", line);
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  if (how.json) {
    const nlohmann::ordered_json object = {
        {"error", {{"code", name(error.code)}, {"message", message}, {"hint", hint}}}};
    std::fprintf(stderr, "%s\n", dump(object).c_str());
  }
  return exit_code(error.code);
}

// The long option that a mistyped one most likely meant; empty if none is near.
std::string meant_option(const CLI::App& app, std::string_view typed) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return std::string(text::nearest(typed, {names.begin(), names.end()}));
}

// What CLI11 found wrong, in our words: a mistyped option gets a suggestion.
Error usage_error(const CLI::App& app, const CLI::ParseError& problem, std::string_view program) {
  Error error{ErrorCode::kUsage, problem.what(), fmt::format("try {} --help", program)};
  std::replace(error.message.begin(), error.message.end(), '\n', ' ');
  const std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return error;
  const std::string& extra = extras.front();
  if (!extra.starts_with('-') || extra == "-") {
    if (dynamic_cast<const CLI::ExtrasError*>(&problem) != nullptr)
      error.message = fmt::format("unexpected argument '{}'", extra);
    return error;
  }
  // Said first, whatever else is wrong: what is missing may be just what was mistyped.
  const std::string option = extra.substr(0, extra.find('='));
  error.message = fmt::format("unknown option {}", option);
  const std::string meant = meant_option(app, option);
  if (option == "--password" && app.get_option_no_throw("--password-file") != nullptr)
    error.hint =
        "a password on the command line shows to everyone: --password-file FILE, or --password-stdin";
  else if (!meant.empty())
    error.hint = fmt::format("did you mean {}? {}", meant, error.hint);
  return error;
}

struct Outcome {
  int code;
  bool parsed;
};

// Parses; prints help and version. `parsed` is false where the program is to end with `code`.
Outcome parse(CLI::App& app, const CommonOptions& common, std::vector<std::string> args,
              std::string_view program) {
  const std::vector<std::string> as_given = args;
  std::reverse(args.begin(), args.end());  // as CLI11 wants them
  try {
    app.parse(args);
    return {0, true};
  } catch (const CLI::CallForVersion& version) {
    std::printf("%s\n", version.what());
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
  } catch (const CLI::CallForAllHelp&) {
    std::fputs(app.help("", CLI::AppFormatMode::All).c_str(), stdout);
  } catch (const CLI::ParseError& problem) {
    const Report how{wants_json(app, common, as_given), wants_json_log(common, as_given)};
    return {report(program, usage_error(app, problem, program), how), false};
  }
  if (std::fflush(stdout) == 0) return {0, false};
  const Error error{ErrorCode::kIo,
                    fmt::format("writing to standard output: {}", std::generic_category().message(errno)),
                    {}};
  return {report(program, error, {}), false};
}

Report report_of(const CommonOptions& options) {
  return {options.output == OutputFormat::kJson, options.log_json};
}

int finish(const Result<void>& result, const Context& context, bool stopped, std::string_view program) {
  if (result) return stopped && !context.interrupt_is_normal ? exit_code(ErrorCode::kCancelled) : 0;
  if (result.error().code == ErrorCode::kCancelled) return stopped ? exit_code(ErrorCode::kCancelled) : 0;
  return report(program, result.error(), report_of(context.common));
}

Result<void> check_interfaces(const std::vector<std::string>& wanted) {
  if (wanted.empty()) return {};
  const auto all = os::interface_addresses();
  if (!all) return fail(all.error());
  std::set<std::string> names;
  for (const auto& one : *all) names.insert(one.interface);
  for (const auto& name : wanted)
    if (std::none_of(all->begin(), all->end(), [&](const auto& one) {
          return one.interface == name || one.address.to_string() == name;
        }))
      return fail(ErrorCode::kUsage, fmt::format("there is no interface '{}' that is up", name),
                  names.empty() ? std::string() : fmt::format("there are {}", fmt::join(names, ", ")));
  return {};
}

int run(CLI::App& app, CommonOptions& common, std::vector<std::string> args, std::string_view program,
        const std::function<Body(CLI::App&, CommonOptions&)>& build) {
  const Body body = build(app, common);
  const Outcome outcome = parse(app, common, std::move(args), program);
  if (!outcome.parsed) return outcome.code;
  log::init({.verbosity = common.verbosity, .json = common.log_json, .color = common.color});
  if (auto there = check_interfaces(common.interfaces); !there)
    return report(program, there.error(), report_of(common));
  auto signals = SignalStop::install();
  if (!signals) return report(program, signals.error(), report_of(common));
  Context context{.common = common, .stop = (*signals)->token()};
  const Result<void> result = body(context);
  return finish(result, context, (*signals)->stopped(), program);
}

// From `ps` what stands in addresses, from core files whatever this process learns. Those who look for a
// fault of ours may want the core file more.
void hide_secrets(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) mask_urls(argv[i]);
  if (std::getenv("CAMCTL_CORE_FILES") == nullptr) os::refuse_core_files();
}

}  // namespace

int run_program(int argc, char** argv, std::string_view name, std::string_view description,
                const std::function<Body(CLI::App&, CommonOptions&)>& build) {
  CLI::App app{std::string(description), std::string(name)};
  CommonOptions common;
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", fmt::format("{} {}", name, CAMCTL_VERSION), "Print the version");
  std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  hide_secrets(argc, argv);
  try {
    return run(app, common, std::move(args), name, build);
  } catch (const std::exception& problem) {
    return report(name,
                  {ErrorCode::kInternal, fmt::format("internal error: {}", problem.what()),
                   "please report this as a bug"},
                  report_of(common));
  }
}

}  // namespace camctl::apps
