// camctl serve: every camera as HLS, with an API and a dashboard.
#include "apps/serve/serve.h"

int main(int argc, char** argv) {
  using namespace camctl::apps;
  return run_program(argc, argv, "camctl serve", "Serve cameras as HLS, with a REST API and a dashboard",
                     [](CLI::App& app, CommonOptions& common) -> Body {
                       add_common_options(app, common, {});
                       auto options = std::make_shared<serve::ServeOptions>();
                       serve::add_serve_options(app, *options);
                       return [options](Context& context) {
                         return serve::run(*options, serve::embedded_files(), context);
                       };
                     });
}
