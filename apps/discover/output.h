// What `camctl discover` prints: records as every program does, or an export.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "apps/common/camera.h"
#include "apps/discover/exports/export.h"

namespace camctl::discover {

struct OutputOptions {
  std::optional<ExportFormat> format;  // nothing: records, as CommonOptions has it
  std::string server = ExportOptions{}.server;
  bool rtsp = false;
  bool with_credentials = false;  // in an export; records never have them
};

// -o with all formats, --server and --rtsp.
void add_output_options(CLI::App& app, OutputOptions& options, apps::CommonOptions& common);

Result<void> check_output(const OutputOptions& options);  // kUsage

// To stdout. Warns of cameras that the format cannot carry. kCancelled on a closed pipe, kIo.
Result<void> print(const OutputOptions& options, const apps::CommonOptions& common,
                   const std::vector<apps::Camera>& cameras);

}  // namespace camctl::discover
