#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>

#include "apps/common/app.h"
#include "base/atomic_file.h"
#include "base/log.h"
#include "base/os/permissions.h"

namespace camctl::apps {
namespace {

constexpr const char* kCommon = "Common options";  // in --help, after the program's own
constexpr std::size_t kMaxPasswordFile = 4096;     // a password and its newline
constexpr unsigned kMaxJobs = 65'536;              // more descriptors than a process may have

const std::map<std::string, OutputFormat> kFormats = {
    {"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}, {"jsonl", OutputFormat::kJsonl}};

void chomp(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

Result<Secret> password_from_stdin() {
  std::string line;
  for (char c = 0; read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) {
    if (line.size() >= kMaxPasswordFile)
      return fail(ErrorCode::kConfig, "reading the password from standard input: the first line is too long");
    line += c;
  }
  chomp(line);
  return Secret(std::move(line));
}

Result<Secret> password_from_file(const std::string& file) {
  auto content = read_file(file, kMaxPasswordFile);
  if (!content) return fail(ErrorCode::kConfig, "reading the password: " + content.error().message);
  content->resize(std::min(content->size(), content->find('\n')));
  chomp(*content);
  return Secret(std::move(*content));
}

// What systemd keeps for a service (LoadCredential=camctl.password:…); empty where there is none.
std::string system_credential() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') return {};
  std::string file = std::string(folder) + "/camctl.password";
  return access(file.c_str(), F_OK) == 0 ? file : std::string();
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}};
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : kUnits) {
    if (error != std::errc() || unit != name || !(number >= 0)) continue;
    const double ms = number * factor;
    if (ms > static_cast<double>(std::chrono::milliseconds(kMaxDuration).count())) break;
    return std::chrono::milliseconds(std::llround(ms));
  }
  return fail(ErrorCode::kUsage, "'" + printable(text) + "' is no duration",
              "write 10, 1.5s, 300ms, 5m or 2h");
}

CLI::Option* add_duration_option(CLI::App& app, const std::string& names, std::chrono::milliseconds& value,
                                 const std::string& description) {
  return app
      .add_option_function<std::string>(
          names, [&value](const std::string& text) { value = *parse_duration(text); }, description)
      ->check([](const std::string& text) {
        const auto parsed = parse_duration(text);
        return parsed ? std::string() : parsed.error().message + ": " + parsed.error().hint;
      })
      ->type_name("TIME");
}

namespace {

void add_work_options(CLI::App& app, CommonOptions& options, const CommonUse& use) {
  if (use.output) {
    app.add_option_function<std::string>(
           "-o,--output", [&options](const std::string& text) { options.output = kFormats.at(text); },
           "How records are printed")
        ->check(CLI::IsMember({"table", "json", "jsonl"}))
        ->type_name("table|json|jsonl")
        ->envname("CAMCTL_OUTPUT")
        ->group(kCommon);
  }
  if (!use.timeout.empty())
    add_duration_option(app, "--timeout", options.timeout,
                        use.timeout + " (10, 1.5s, 300ms, 5m; 0 for no limit)")
        ->envname("CAMCTL_TIMEOUT")
        ->group(kCommon);
  if (use.jobs)
    app.add_option("-j,--jobs", options.jobs, "How many things to do at once")
        ->check(CLI::Range(1u, kMaxJobs))
        ->type_name("N")
        ->envname("CAMCTL_JOBS")
        ->group(kCommon);
  if (use.interface)
    app.add_option("--interface", options.interfaces,
                   "Only this network interface (may be given several times)")
        ->type_name("IF")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->envname("CAMCTL_INTERFACE")
        ->group(kCommon);
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options, const CommonUse& use) {
  add_work_options(app, options, use);
  auto* quiet = app.add_flag_callback(
                       "-q,--quiet", [&options] { options.verbosity = -1; }, "Print errors only")
                    ->group(kCommon);
  app.add_flag_function(
         "-v,--verbose", [&options](std::int64_t count) { options.verbosity = count >= 2 ? 2 : 1; },
         "Say more; twice for every detail")
      ->excludes(quiet)
      ->group(kCommon);
  app.add_option_function<std::string>(
         "--log-format", [&options](const std::string& text) { options.log_json = text == "json"; },
         "How messages on stderr are written")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json")
      ->envname("CAMCTL_LOG_FORMAT")
      ->group(kCommon);
  app.add_flag_callback(
         "--no-color", [&options] { options.color = false; }, "No colours (also NO_COLOR)")
      ->group(kCommon);
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') options.color = false;
}

void add_credential_options(CLI::App& app, CredentialOptions& options) {
  app.add_option("--user", options.user, "User name for the devices")
      ->type_name("NAME")
      ->envname("CAMCTL_USER");
  auto* file =
      app.add_option(
             "--password-file", options.password_file,
             "File whose first line is the password (the variable CAMCTL_PASSWORD holds the password itself)")
          ->type_name("FILE")
          ->envname("CAMCTL_PASSWORD_FILE");
  app.add_flag("--password-stdin", options.password_stdin,
               "Read the password from standard input's first line")
      ->excludes(file);
}

Result<Credentials> resolve_credentials(const CredentialOptions& options) {
  Credentials result{options.user, {}};
  const char* from_environment = std::getenv("CAMCTL_PASSWORD");
  const std::string from_system = from_environment == nullptr ? system_credential() : std::string();
  if (options.password_stdin) {
    auto password = password_from_stdin();
    if (!password) return fail(password.error());
    result.password = std::move(*password);
  } else if (!options.password_file.empty()) {
    auto password = password_from_file(options.password_file);
    if (!password) return fail(password.error());
    if (os::readable_by_all(options.password_file))
      log::get().warn("{}: every user of this host can read the password in it (chmod 600 {})",
                      options.password_file, options.password_file);
    result.password = std::move(*password);
  } else if (from_environment != nullptr) {
    result.password = Secret(from_environment);
  } else if (!options.user.empty() && !from_system.empty()) {  // it stands there for whoever wants it
    auto password = password_from_file(from_system);
    if (!password) return fail(password.error());
    result.password = std::move(*password);
  }
  if (result.user.empty() && !result.password.empty())
    return fail(ErrorCode::kConfig, "there is a password but no user name",
                "add --user NAME or set CAMCTL_USER");
  const bool from_input = options.password_stdin || !options.password_file.empty();
  if (from_input && result.password.empty())
    return fail(ErrorCode::kConfig,
                fmt::format("{} holds no password",
                            options.password_stdin ? "standard input" : options.password_file),
                "for a user whose password is empty, set CAMCTL_PASSWORD to nothing");
  if (!result.user.empty() && !from_input && from_environment == nullptr && from_system.empty())
    return fail(ErrorCode::kConfig, fmt::format("there is the user {} but no password", result.user),
                "add --password-file F or --password-stdin, or set CAMCTL_PASSWORD");
  return result;
}

}  // namespace camctl::apps
