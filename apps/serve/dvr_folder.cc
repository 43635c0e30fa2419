#include "apps/serve/dvr_folder.h"

#include <cstdlib>
#include <string>

namespace camctl::apps::serve {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::filesystem::path dvr_folder(const Settings& settings) {
  if (!settings.dvr_dir.empty()) return settings.dvr_dir;
  // systemd lists several with colons between them.
  if (auto given = variable("STATE_DIRECTORY"); !given.empty())
    return std::filesystem::path(given.substr(0, given.find(':'))) / "dvr";
  if (auto given = variable("XDG_STATE_HOME"); !given.empty())
    return std::filesystem::path(given) / "camctl/dvr";
  if (auto home = variable("HOME"); !home.empty())
    return std::filesystem::path(home) / ".local/state/camctl/dvr";
  return "/var/lib/camctl/dvr";
}

}  // namespace camctl::apps::serve
