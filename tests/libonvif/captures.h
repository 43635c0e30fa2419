// The recorded replies of real devices, which stay outside of the repository.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace camctl::onvif {

// The folder of the captures; it may be missing.
inline std::filesystem::path captures_folder() {
  if (const char* given = std::getenv("CAMCTL_ONVIF_CAPTURES")) return given;
  return std::filesystem::path(CAMCTL_SOURCE_DIR) / ".." / "shared" / "onvif-captures";
}

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace camctl::onvif
