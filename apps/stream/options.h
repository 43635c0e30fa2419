// The command line of `camctl stream`.
#pragma once

#include <chrono>
#include <string>

#include "apps/common/app.h"
#include "apps/common/config.h"
#include "apps/media/camera_source.h"

namespace camctl::apps {

struct StreamProgramOptions {
  std::string camera;  // an address, or a camera's id or name
  std::string output, format;
  std::chrono::milliseconds duration{0};  // 0: until it is stopped
  ConfigFlags config;
  CredentialOptions credentials;
};

void add_stream_options(CLI::App& app, StreamProgramOptions& options);

// The camera that is meant, with the credentials that belong to it.
struct ChosenCamera {
  std::string id;
  CameraAddress address;
  std::string tls_pin;  // of cameras.json; goes before that of the configuration
};
Result<ChosenCamera> choose_camera(const StreamProgramOptions& options, const Settings& settings);

}  // namespace camctl::apps
