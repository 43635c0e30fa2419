#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "apps/common/app.h"

using namespace camctl;
using namespace camctl::apps;
using std::chrono::milliseconds;

namespace {

struct Parsed {
  CommonOptions common;
  std::string error;
};

Parsed parse(std::vector<std::string> arguments) {
  Parsed result;
  CLI::App app;
  add_common_options(app, result.common, {.output = true, .timeout = "End", .jobs = true, .interface = true});
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& problem) {
    result.error = problem.what();
  }
  return result;
}

}  // namespace

TEST_CASE("durations") {
  for (const auto& [text, expected] :
       std::vector<std::pair<const char*, milliseconds>>{{"10", milliseconds(10'000)},
                                                         {"1.5", milliseconds(1500)},
                                                         {"1.5s", milliseconds(1500)},
                                                         {"300ms", milliseconds(300)},
                                                         {"5m", milliseconds(300'000)},
                                                         {"2h", milliseconds(7'200'000)},
                                                         {"0", milliseconds(0)},
                                                         {"8784h", milliseconds(kMaxDuration)}}) {
    CAPTURE(text);
    REQUIRE(parse_duration(text));
    CHECK(*parse_duration(text) == expected);
  }
  for (const char* text :
       {"", "s", "-1", "1x", "1 s", "1e3", "nan", "inf", "9999999h", "1s2", "0x10", "\x1b[31m"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("options that mean the same everywhere") {
  CHECK(parse({"-o", "jsonl"}).common.output == OutputFormat::kJsonl);
  CHECK(parse({"--output=json"}).common.output == OutputFormat::kJson);
  CHECK(parse({"--timeout", "1.5"}).common.timeout == milliseconds(1500));
  CHECK(parse({"-j8"}).common.jobs == 8);
  CHECK(parse({"-q"}).common.verbosity == -1);
  CHECK(parse({"-v"}).common.verbosity == 1);
  CHECK(parse({"-vv"}).common.verbosity == 2);
  CHECK(parse({"--log-format", "json"}).common.log_json);
  CHECK_FALSE(parse({"--no-color"}).common.color);
  CHECK(parse({"--interface", "eth0", "--interface", "lo"}).common.interfaces ==
        std::vector<std::string>{"eth0", "lo"});
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{{"-o", "xml"},
                                                                                     {"--timeout", "soon"},
                                                                                     {"-j", "0"},
                                                                                     {"-j", "many"},
                                                                                     {"-q", "-v"},
                                                                                     {"--log-format", "x"}}) {
    CAPTURE(wrong.front());
    CHECK_FALSE(parse(wrong).error.empty());
  }
}

TEST_CASE("variables stand in for flags") {
  setenv("CAMCTL_OUTPUT", "json", 1);
  setenv("CAMCTL_INTERFACE", "eth0,lo", 1);
  CHECK(parse({}).common.output == OutputFormat::kJson);
  CHECK(parse({"-o", "table"}).common.output == OutputFormat::kTable);
  CHECK(parse({}).common.interfaces == std::vector<std::string>{"eth0", "lo"});
  setenv("CAMCTL_OUTPUT", "xml", 1);
  CHECK_FALSE(parse({}).error.empty());
  unsetenv("CAMCTL_OUTPUT");
  unsetenv("CAMCTL_INTERFACE");
}

TEST_CASE("a program does not take an option that it would ignore") {
  CLI::App app;
  CommonOptions common;
  add_common_options(app, common, {});
  for (const char* name : {"--output", "--timeout", "--jobs", "--interface"}) {
    CAPTURE(name);
    CHECK(app.get_option_no_throw(name) == nullptr);
  }
  for (const char* name : {"--quiet", "--verbose", "--log-format", "--no-color"}) {
    CAPTURE(name);
    CHECK(app.get_option_no_throw(name) != nullptr);
  }
}

TEST_CASE("half credentials are a mistake, unless the other half is said to be empty") {
  const auto path =
      std::filesystem::temp_directory_path() / ("camctl-options-test-" + std::to_string(getpid()));
  std::ofstream(path) << "\n";
  const CredentialOptions user{.user = "u", .password_file = {}, .password_stdin = false};
  for (const auto& options :
       {user, CredentialOptions{"u", path, false}, CredentialOptions{"", path, false}}) {
    const auto resolved = resolve_credentials(options);
    REQUIRE_FALSE(resolved);
    CHECK(resolved.error().code == ErrorCode::kConfig);
    CHECK_FALSE(resolved.error().hint.empty());
  }
  std::filesystem::remove(path);
  setenv("CAMCTL_PASSWORD", "", 1);
  CHECK(resolve_credentials(user)->user == "u");
  unsetenv("CAMCTL_PASSWORD");
}

TEST_CASE("credentials from a file or the environment") {
  const auto path =
      std::filesystem::temp_directory_path() / ("camctl-options-test-" + std::to_string(getpid()));
  std::ofstream(path) << "geheim\r\nsecond line\n";
  const auto from_file = resolve_credentials({.user = "u", .password_file = path, .password_stdin = false});
  REQUIRE(from_file);
  CHECK(*from_file == Credentials{"u", Secret("geheim")});
  std::filesystem::remove(path);
  const auto missing = resolve_credentials({.user = "u", .password_file = path, .password_stdin = false});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kConfig);
  setenv("CAMCTL_PASSWORD", "p", 1);
  CHECK(resolve_credentials({.user = "u", .password_file = {}, .password_stdin = false})->password ==
        Secret("p"));
  CHECK_FALSE(resolve_credentials({}));  // a password without a user
  unsetenv("CAMCTL_PASSWORD");
  CHECK(resolve_credentials({})->empty());
}

TEST_CASE("credentials of systemd's service") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("camctl-options-test-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "camctl.password") << "geheim\n";
  setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1);
  const CredentialOptions user{.user = "u", .password_file = {}, .password_stdin = false};
  CHECK(resolve_credentials(user)->password == Secret("geheim"));
  CHECK(resolve_credentials({})->empty());  // it is there for whoever wants it
  setenv("CAMCTL_PASSWORD", "p", 1);
  CHECK(resolve_credentials(user)->password == Secret("p"));
  unsetenv("CAMCTL_PASSWORD");
  std::filesystem::remove_all(folder);
  CHECK_FALSE(resolve_credentials(user));
  unsetenv("CREDENTIALS_DIRECTORY");
}
