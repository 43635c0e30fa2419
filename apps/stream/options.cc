#include "apps/stream/options.h"

#include <fmt/format.h>

#include <utility>

#include "apps/common/camera.h"
#include "base/text.h"

namespace camctl::apps {
namespace {

// Given credentials are for the camera that was named, not for another host that its entry may point to.
Credentials credentials_for(const Camera& camera, const Url& url, const Credentials& given,
                            const Settings& settings) {
  const bool own_device = camera.ip.empty() || text::iequals(url.host, camera.ip);
  if (!given.empty() && own_device) return given;
  if (!camera.credentials.empty()) return camera.credentials;
  return find_credentials(settings.credentials, identity_of(camera, url.host)).value_or(url.credentials);
}

Result<ChosenCamera> from_file(const std::string& name, const Settings& settings, const Credentials& given) {
  auto cameras = load_named_cameras(settings.cameras);
  if (!cameras) return fail(cameras.error());
  auto camera = find_camera(*cameras, name);
  if (!camera) return fail(camera.error());
  if (camera->rtsp_url.empty())
    return fail(ErrorCode::kConfig,
                fmt::format("{}: camera {} has no \"rtsp_url\"", settings.cameras, camera->id),
                fmt::format("camctl discover {} asks the device for it", settings.cameras));
  auto url = Url::parse(camera->rtsp_url);
  if (!url)
    return fail(fmt::format("{}: camera {}: \"rtsp_url\"", settings.cameras, camera->id), url.error());
  ChosenCamera chosen{camera->id, {*url, {}}, camera->tls_pin};
  chosen.address.credentials = credentials_for(*camera, *url, given, settings);
  return chosen;
}

}  // namespace

void add_stream_options(CLI::App& app, StreamProgramOptions& options) {
  app.add_option("camera", options.camera, "Address (rtsp://…), or a camera's id or name in cameras.json")
      ->required()
      ->type_name("URL|CAMERA");
  app.add_option("-o,--output", options.output, "Folder for HLS, file (.ts, .mp4), or - for standard output")
      ->required()
      ->type_name("DIR|FILE|-");
  app.add_option("--format", options.format,
                 "hls (folder), ts or fmp4; by default what the output's name says")
      ->check(CLI::IsMember({"hls", "ts", "fmp4"}))
      ->type_name("hls|ts|fmp4");
  add_duration_option(app, "--duration", options.duration,
                      "Stop after so much video (default: never); exit code 5 where less came");
  add_credential_options(app, options.credentials);
  add_config_flags(app, options.config,
                   {"cameras", "transport", "tls_pin", "segment_duration", "segments", "video_codec",
                    "bitrate", "maxrate", "video_encoder", "preset", "height", "audio_bitrate"});
}

Result<ChosenCamera> choose_camera(const StreamProgramOptions& options, const Settings& settings) {
  if (options.credentials.password_stdin && settings.cameras == "-" &&
      options.camera.find("://") == std::string::npos)
    return fail(ErrorCode::kUsage, "standard input cannot give both the password and the cameras",
                "use --password-file");
  const auto given = resolve_credentials(options.credentials);
  if (!given) return fail(given.error());
  if (options.camera.find("://") == std::string::npos) return from_file(options.camera, settings, *given);
  auto url = Url::parse(options.camera);
  if (!url) return fail(url.error());
  ChosenCamera chosen{url->to_string(), {*url, {}}, {}};
  chosen.address.credentials =
      !given->empty()             ? *given
      : !url->credentials.empty() ? url->credentials
                                  : find_credentials(settings.credentials, url->host).value_or(Credentials{});
  return chosen;
}

}  // namespace camctl::apps
