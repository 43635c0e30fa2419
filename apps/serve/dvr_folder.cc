#include "apps/serve/dvr_folder.h"

#include "apps/serve/state_folder.h"

namespace camctl::apps::serve {

std::filesystem::path dvr_folder(const Settings& settings) {
  return settings.dvr_dir.empty() ? state_folder(settings) / "dvr" : std::filesystem::path(settings.dvr_dir);
}

}  // namespace camctl::apps::serve
