#include "apps/serve/state_folder.h"

#include <cstdlib>
#include <string>

namespace camctl::apps::serve {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::filesystem::path state_folder(const Settings& settings) {
  if (!settings.state_dir.empty()) return settings.state_dir;
  // systemd lists several with colons between them.
  if (auto given = variable("STATE_DIRECTORY"); !given.empty()) return given.substr(0, given.find(':'));
  if (auto given = variable("XDG_STATE_HOME"); !given.empty()) return std::filesystem::path(given) / "camctl";
  if (auto home = variable("HOME"); !home.empty()) return std::filesystem::path(home) / ".local/state/camctl";
  return "/var/lib/camctl";
}

}  // namespace camctl::apps::serve
