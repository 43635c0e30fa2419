// The program as a library: everything main() does, so that tests can link it.
#pragma once

#include <span>
#include <string>

#include "apps/common/app.h"
#include "apps/common/camera.h"
#include "apps/common/config.h"
#include "apps/serve/assets.h"
#include "base/result.h"

namespace camctl::apps::serve {

// What stands on the command line.
struct ServeOptions {
  ConfigFlags config;
  CredentialOptions credentials;
  std::string cameras;  // positional
  bool print_config = false;
};

void add_serve_options(CLI::App& app, ServeOptions& options);

// Serves until `context.stop`. Everything that can be wrong is looked at before anything is started; such an
// error is kUsage or kConfig (exit code 2). SIGHUP reloads meanwhile.
Result<void> run(const ServeOptions& options, std::span<const EmbeddedFile> files, Context& context);

// The cameras named by the settings: "-" reads standard input. A missing cameras.json is no error where
// nobody asked for it: there are no cameras then.
Result<std::vector<Camera>> read_cameras(const std::string& name, bool by_default);

// kConfig or kUsage unless the addresses are this host's own, users have to log in there, or everybody may
// come in.
Result<void> check_listen(const Settings& settings);

}  // namespace camctl::apps::serve
