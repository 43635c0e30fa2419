#include "apps/camctl/commands.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/os/executable.h"
#include "base/text.h"

namespace camctl::apps {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "camctl-";

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

const std::vector<Command>& own_commands() {
  static const std::vector<Command> kCommands = {
      {"scan", "find cameras on the network"},
      {"discover", "ask cameras for their profiles and streams, and write cameras.json"},
      {"events", "print what cameras notice, as it happens"},
      {"ptz", "turn a camera, use its presets"},
      {"snapshot", "fetch a camera's still picture"},
      {"info", "show what a camera tells of itself"},
      {"set", "change a camera's settings"},
      {"reboot", "start a camera anew"},
      {"doctor", "look for what keeps camctl from working on this machine"},
      {"stream", "turn one camera into HLS, MPEG-TS or fMP4"},
      {"serve", "serve every camera to browsers"},
      {"passwd", "make the hash of a user's password for the configuration"},
      {"simulate", "run virtual ONVIF cameras"},
  };
  return kCommands;
}

std::vector<fs::path> command_folders(std::string_view path_variable) {
  std::vector<fs::path> folders;
  if (const auto self = os::executable_path()) folders.push_back(self->parent_path());
  for (std::string_view folder : text::split(path_variable, ":"))
    if (std::find(folders.begin(), folders.end(), fs::path(folder)) == folders.end())
      folders.emplace_back(folder);
  return folders;
}

std::optional<fs::path> find_command(std::string_view name, const std::vector<fs::path>& folders) {
  if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
  for (const fs::path& folder : folders) {
    fs::path program = folder / (std::string(kPrefix) += name);
    if (is_program(program)) return program;
  }
  return std::nullopt;
}

std::optional<fs::path> find_manual(std::string_view name, const std::vector<fs::path>& folders) {
  const auto program = find_command(name, folders);
  if (!program) return std::nullopt;
  std::error_code error;
  const fs::path prefix = program->parent_path().parent_path();
  for (const char* pages : {"share/man/man1", "man/man1"}) {
    for (const char* suffix : {".1", ".1.gz"}) {
      fs::path page = prefix / pages / (program->filename().string() + suffix);
      if (fs::is_regular_file(page, error)) return page;
    }
  }
  return std::nullopt;
}

std::vector<Command> list_commands(const std::vector<fs::path>& folders) {
  std::vector<Command> commands;
  std::set<std::string> others;
  for (const Command& command : own_commands())
    if (find_command(command.name, folders)) commands.push_back(command);
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with(kPrefix) && is_program(entry->path())) others.insert(name.substr(kPrefix.size()));
    }
  }
  for (const Command& command : own_commands()) others.erase(command.name);
  for (const std::string& name : others) commands.push_back({name, ""});
  return commands;
}

}  // namespace camctl::apps
