#include "apps/discover/exports/export.h"

#include <algorithm>
#include <array>

#include "apps/discover/exports/lists.h"
#include "apps/discover/exports/programs.h"

namespace camctl::discover {
namespace {

struct Format {
  std::string_view name;
  ExportFormat format;
  Export (*write)(const std::vector<apps::Camera>&, const ExportOptions&);
};

constexpr std::array kFormats = {
    Format{"mediamtx", ExportFormat::kMediamtx, to_mediamtx},
    Format{"go2rtc", ExportFormat::kGo2rtc, to_go2rtc},
    Format{"frigate", ExportFormat::kFrigate, to_frigate},
    Format{"homeassistant", ExportFormat::kHomeAssistant, to_home_assistant},
    Format{"m3u", ExportFormat::kM3u, to_m3u},
    Format{"csv", ExportFormat::kCsv, to_csv},
    Format{"yaml", ExportFormat::kYaml, to_yaml},
};

}  // namespace

std::optional<ExportFormat> export_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name, &Format::name);
  return found == kFormats.end() ? std::nullopt : std::optional(found->format);
}

std::string export_format_names() {
  std::string names;
  for (const Format& format : kFormats) names.append(names.empty() ? "" : "|").append(format.name);
  return names;
}

Export export_cameras(ExportFormat format, const std::vector<apps::Camera>& cameras,
                      const ExportOptions& options) {
  return std::ranges::find(kFormats, format, &Format::format)->write(cameras, options);
}

}  // namespace camctl::discover
