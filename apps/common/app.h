// What every program shares: common options, output, errors, signals, exit codes (interface.md, "Rules").
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace camctl::apps {

enum class OutputFormat : std::uint8_t { kTable, kJson, kJsonl };

struct CommonOptions {
  std::optional<OutputFormat> output;    // nothing: by what stdout is
  std::chrono::milliseconds timeout{0};  // 0: the program's default
  unsigned jobs = 0;                     // 0: the program's default
  int verbosity = 0;                     // -q -1, -v 1, -vv 2
  bool log_json = false, color = true;
  std::vector<std::string> interfaces;
};

// Adds --timeout, -j, -q, -v, --log-format, --no-color, --interface and, where `with_output`, -o/--output.
// CAMCTL_* variables stand in for flags that are not given.
void add_common_options(CLI::App& app, CommonOptions& options, bool with_output);

struct CredentialOptions {
  std::string user, password_file;
  bool password_stdin = false;
};
void add_credential_options(CLI::App& app, CredentialOptions& options);
// Reads the password from file, stdin or CAMCTL_PASSWORD. kConfig names what is unreadable.
Result<Credentials> resolve_credentials(const CredentialOptions& options);

// A running program: its stop token follows SIGINT and SIGTERM.
struct Context {
  CommonOptions common;
  std::stop_token stop;
};

// The body of every main(): parses, runs, prints errors as one line (and as JSON with -o json), and returns
// the exit code. Handles --help, --version, SIGINT, SIGTERM, a closed stdout, and exceptions (as internal
// errors). `build` declares the options and returns what to run.
using Body = std::function<Result<void>(Context&)>;
int run_program(int argc, char** argv, std::string_view name, std::string_view description,
                const std::function<Body(CLI::App&, CommonOptions&)>& build);

// Records as a table, a JSON array or JSON lines. Not thread-safe.
struct Column {
  std::string title;
  std::function<std::string(const nlohmann::ordered_json&)> cell;
};
class RecordWriter {
 public:
  // `pipe_default` is used where stdout is no terminal and no -o was given.
  RecordWriter(const CommonOptions& options, OutputFormat pipe_default, std::vector<Column> columns);
  ~RecordWriter();
  void write(const nlohmann::ordered_json& record);  // jsonl and table: printed and flushed at once
  Result<void> finish();                             // closes the array; kCancelled on a closed pipe
  OutputFormat format() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A line on stderr that is redrawn, where stderr is a terminal and not --quiet; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(const CommonOptions& options);
  ~ProgressLine();  // clears it
  void show(std::string_view text);
  void clear();

 private:
  bool enabled_;
  std::chrono::steady_clock::time_point last_{};
};

// `text` from a device made safe for a terminal: control characters and bad UTF-8 replaced.
std::string printable(std::string_view text);

}  // namespace camctl::apps
