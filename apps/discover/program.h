// The body of `camctl discover`.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "apps/common/app.h"
#include "apps/common/config.h"
#include "apps/discover/output.h"

namespace camctl::discover {

struct Options {
  std::vector<std::string> inputs;
  std::string file = "cameras.json";  // "-": no file
  bool prune = false, verify_tls = false, allow_plain = false, save_credentials = false, offline = false;
  bool trust_new_keys = false;
  std::chrono::milliseconds device_timeout{30'000};
  apps::CredentialOptions credentials;
  apps::ConfigFlags config;
  OutputOptions output;
};

apps::Body build(CLI::App& app, apps::CommonOptions& common);

}  // namespace camctl::discover
