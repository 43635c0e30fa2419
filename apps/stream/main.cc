// camctl stream: one camera to a folder, a file or a pipe.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "apps/common/app.h"
#include "apps/media/camera_source.h"
#include "apps/stream/options.h"
#include "apps/stream/output.h"
#include "apps/stream/recorder.h"
#include "base/event_loop.h"

namespace camctl::apps {
namespace {

constexpr std::chrono::seconds kFirstPicture{15};  // three attempts

Result<void> run(const StreamProgramOptions& options, Context& context) {
  auto config = load_config(default_config_sources(options.config));
  if (!config) return fail(config.error());
  const auto& settings = config->settings;
  const auto target = parse_target(options.output, options.format);
  if (!target) return fail(target.error());
  const auto camera = choose_camera(options, settings);
  if (!camera) return fail(camera.error());
  auto stream = settings.stream_for(camera->id);
  if (!camera->tls_pin.empty()) stream.tls_pin = camera->tls_pin;
  auto source = camera_source(camera->address, stream);
  if (!source) return fail(source.error());
  auto output = open_output(*target);
  if (!output) return fail(output.error());

  RecorderOptions recorder_options;
  recorder_options.duration = options.duration;
  recorder_options.timeout = context.common.timeout;
  EventLoop loop;
  loop.start("loop");
  auto stream_settings = stream_options(camera->id, camera->address.url, stream);
  stream_settings.log_first_losses = false;
  Recorder recorder(loop, std::move(*source), stream_settings, **output, recorder_options);
  return recorder.run(context);
}

Body build(CLI::App& app, CommonOptions& common) {
  auto options = std::make_shared<StreamProgramOptions>();
  common.timeout = kFirstPicture;
  add_common_options(app, common,
                     {.output = false,
                      .timeout = fmt::format("Give up where no picture came within this time (default {}s)",
                                             kFirstPicture.count()),
                      .jobs = false,
                      .interface = false});
  add_stream_options(app, *options);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace
}  // namespace camctl::apps

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl stream",
                                   "Receives one camera as HLS in a folder, MPEG-TS or fragmented MP4.",
                                   camctl::apps::build);
}
