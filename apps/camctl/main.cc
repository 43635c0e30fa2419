// camctl: dispatches to camctl-scan, camctl-discover and so on.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include "apps/camctl/commands.h"
#include "base/result.h"
#include "base/text.h"

namespace camctl::apps {
namespace {

using Folders = std::vector<std::filesystem::path>;

int fail_with(ErrorCode code, const std::string& message) {
  std::fprintf(stderr, "camctl: %s\n", message.c_str());
  return exit_code(code);
}

int print_help(const Folders& folders, std::FILE* stream) {
  std::fputs("Usage: camctl COMMAND [OPTIONS]\n\nCommands:\n", stream);
  bool others = false;
  for (const Command& command : list_commands(folders)) {
    if (command.description.empty() && !others)
      std::fputs("\nFrom elsewhere (camctl-NAME on PATH):\n", stream);
    others = command.description.empty();
    std::fprintf(stream, "  %-10s %s\n", command.name.c_str(), command.description.c_str());
  }
  std::fputs(
      "\n  help COMMAND                    a command's manual (camctl COMMAND --help: its options)\n"
      "  completion bash|zsh|fish        a completion script for your shell\n"
      "  --version                       the version\n\n"
      "They meet in pipes: camctl scan | camctl discover - | camctl serve -\n",
      stream);
  return 0;
}

int print_names(const Folders& folders) {
  for (const Command& command : list_commands(folders)) std::printf("%s\n", command.name.c_str());
  return 0;
}

int unknown_command(const std::string& name, const Folders& folders) {
  for (const Command& command : own_commands())
    if (command.name == name)
      return fail_with(ErrorCode::kIo, "camctl-" + name + " is not installed beside camctl or on PATH");
  std::vector<std::string_view> names = {"help", "completion"};
  const std::vector<Command> commands = list_commands(folders);
  for (const Command& command : commands) names.push_back(command.name);
  const std::string_view meant = text::nearest(name, names);
  std::string message = "there is no command '" + name + "'";
  if (!meant.empty()) message += "; did you mean " + std::string(meant) + "?";
  return fail_with(ErrorCode::kUsage, message + " (try camctl help)");
}

// Becomes the command's program.
int run(const std::string& name, std::vector<std::string> arguments, const Folders& folders) {
  const auto program = find_command(name, folders);
  if (!program) return unknown_command(name, folders);
  arguments.insert(arguments.begin(), program->string());
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(program->c_str(), argv.data());
  return fail_with(ErrorCode::kIo,
                   "running " + program->string() + ": " + std::generic_category().message(errno));
}

// The manual on a terminal, as git does; its options elsewhere, or where there is no manual.
int help(const std::string& name, const Folders& folders) {
  const auto manual = find_manual(name, folders);
  if (manual && isatty(STDOUT_FILENO) == 1)
    execlp("man", "man", manual->c_str(), static_cast<char*>(nullptr));  // comes back where there is no man
  return run(name, {"--help"}, folders);
}

int completion(const std::vector<std::string>& arguments) {
  const auto script = completion_script(arguments.empty() ? "" : arguments.front());
  if (!script) return fail_with(ErrorCode::kUsage, "name a shell: camctl completion bash|zsh|fish");
  std::fwrite(script->data(), 1, script->size(), stdout);
  return 0;
}

int main(std::vector<std::string> arguments) {
  const char* path = std::getenv("PATH");
  const Folders folders = command_folders(path == nullptr ? "" : path);
  if (arguments.empty()) {
    print_help(folders, stderr);
    return exit_code(ErrorCode::kUsage);
  }
  const std::string name = arguments.front();
  arguments.erase(arguments.begin());
  if (name == "--version" || name == "version") {
    std::printf("camctl %s\n", CAMCTL_VERSION);
    return 0;
  }
  if (name == "completion") return completion(arguments);
  if (name == "help" || name == "--help" || name == "-h") {
    if (arguments.empty()) return print_help(folders, stdout);
    if (arguments.front() == "--names") return print_names(folders);
    return help(arguments.front(), folders);
  }
  if (name.starts_with('-'))
    return fail_with(ErrorCode::kUsage, "unknown option " + name + " (try camctl --help)");
  return run(name, std::move(arguments), folders);
}

}  // namespace
}  // namespace camctl::apps

int main(int argc, char** argv) {
  using namespace camctl;
  const int code = apps::main(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  if (std::fflush(stdout) == 0) return code;
  return apps::fail_with(
      ErrorCode::kIo, std::string("writing to standard output: ") + std::generic_category().message(errno));
}
