// Exports that programs read as their configuration. Each is complete; its parts may be pasted into a larger
// one.
#pragma once

#include "apps/discover/exports/export.h"

namespace camctl::discover {

// mediamtx.yml: a path for each camera, and NAME_sub for its sub stream.
Export to_mediamtx(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

// go2rtc.yaml: a stream for each camera, and NAME_sub.
Export to_go2rtc(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

// Frigate's config.yml: the main stream is recorded, the sub stream is what objects are looked for in.
Export to_frigate(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

// Of Home Assistant's configuration.yaml, or a package: the ffmpeg platform, because the generic camera is
// not configured by YAML any more.
Export to_home_assistant(const std::vector<apps::Camera>& cameras, const ExportOptions& options);

}  // namespace camctl::discover
