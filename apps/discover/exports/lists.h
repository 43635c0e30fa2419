// Exports that no program owns: a play list, a table, and cameras.json in YAML.
#pragma once

#include "apps/discover/exports/export.h"

namespace camctl::discover {

// Extended M3U: a name and an address for each camera; HLS of `options.server`, or RTSP.
Export to_m3u(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

// RFC 4180 with a header line. A cell that a spreadsheet would take for a formula begins with an apostrophe.
Export to_csv(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

// The keys and values of cameras.json; `credentials` of a camera as --save-credentials writes them there.
Export to_yaml(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

}  // namespace camctl::discover
