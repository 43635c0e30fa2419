// What every program shares: common options, output, errors, signals, exit codes (interface.md, "Rules").
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
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
  std::chrono::milliseconds timeout{0};  // 0: without limit
  unsigned jobs = 0;                     // 0: the program's default
  int verbosity = 0;                     // -q -1, -v 1, -vv 2
  bool log_json = false, color = true;
  std::vector<std::string> interfaces;
};

// Which common options a program has use for, besides -q, -v, --log-format and --no-color: one that it would
// ignore, it does not take.
struct CommonUse {
  bool output = false;     // -o/--output FORMAT
  std::string timeout;     // --timeout: what it is the time for ("" for none); CommonOptions has the default
  bool jobs = false;       // -j/--jobs
  bool interface = false;  // --interface; run_program() sees to it that they are there
};
// CAMCTL_* variables stand in for flags that are not given.
void add_common_options(CLI::App& app, CommonOptions& options, const CommonUse& use);

struct CredentialOptions {
  std::string user, password_file;
  bool password_stdin = false;
};
void add_credential_options(CLI::App& app, CredentialOptions& options);
// Reads the password from file, stdin, CAMCTL_PASSWORD, or systemd's credential camctl.password. Warns of a
// file that every user may read. kConfig names what is unreadable.
Result<Credentials> resolve_credentials(const CredentialOptions& options);

// "1.5", "1.5s", "300ms", "10m" or "2h"; a bare number is seconds. kUsage; at most kMaxDuration.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
inline constexpr std::chrono::hours kMaxDuration{24 * 366};  // so that sums of a few never overflow

// Adds an option that takes such a duration.
CLI::Option* add_duration_option(CLI::App& app, const std::string& names, std::chrono::milliseconds& value,
                                 const std::string& description);

// A running program: its stop token follows SIGINT and SIGTERM.
struct Context {
  CommonOptions common;
  std::stop_token stop;
  // Set by a program that is meant to run until it is interrupted (serve, simulate): it then ends with 0, not
  // 130, if it returned no error.
  bool interrupt_is_normal = false;
};

// The body of every main(): parses, runs, prints errors as one line (and as JSON with -o json), and returns
// the exit code. Handles --help, --version, SIGINT, SIGTERM, a closed stdout, and exceptions (as internal
// errors). Passwords in URLs of the command line are masked for `ps`, and the process leaves no core file
// (unless CAMCTL_CORE_FILES is set). `name` is what a user types ("camctl scan"). `build` declares the
// options and returns what to run.
//
// A program that has not ended kStopGrace after the first signal is ended by _exit(130), and so is one that
// gets a second signal. A body that returns kCancelled without a signal met a closed stdout: it ends quietly
// with 0.
using Body = std::function<Result<void>(Context&)>;
int run_program(int argc, char** argv, std::string_view name, std::string_view description,
                const std::function<Body(CLI::App&, CommonOptions&)>& build);
inline constexpr std::chrono::milliseconds kStopGrace{1800};  // interface.md promises 2 s

// Records as a table, a JSON array or JSON lines. Not thread-safe.
struct Column {
  std::string title;
  std::function<std::string(const nlohmann::ordered_json&)> cell;
  std::size_t width = 0;  // at least so many characters; rows come one by one, so it cannot be computed
};
// One line of JSON that never throws: bytes of devices that are no UTF-8 become U+FFFD.
std::string dump(const nlohmann::ordered_json& value, int indent = -1);

class RecordWriter {
 public:
  // `pipe_default` is used where stdout is no terminal and no -o was given.
  RecordWriter(const CommonOptions& options, OutputFormat pipe_default, std::vector<Column> columns);
  ~RecordWriter();
  void write(const nlohmann::ordered_json& record);  // jsonl and table: printed and flushed at once
  Result<void> finish();  // closes the array; kCancelled on a closed pipe, kIo if stdout failed otherwise
  bool closed() const;    // whoever read stdout is gone: more output is of no use
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
