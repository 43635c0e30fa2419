#include "apps/simulate/simulation.h"

#include <fmt/format.h>

#include <set>

#include "apps/simulate/discovery_responder.h"
#include "apps/simulate/http_server.h"
#include "apps/simulate/virtual_media.h"
#include "base/log.h"
#include "base/tls.h"
#include "base/url.h"
#include "libonvif/virtual_device.h"
#include "libonvif/virtual_device_identity.h"

namespace camctl::simulate {
namespace {

constexpr std::string_view kServerName = "camctl-simulate";

// A virtual camera. Its handlers hold its address, so it never moves.
struct Camera {
  onvif::SoapReply answer(const onvif::SoapRequest& request);
  nlohmann::ordered_json record() const;

  std::shared_ptr<const tls::Context> tls;  // with --rtsps or --https

  CameraPlan plan;
  std::vector<ClipPtr> clips;  // one for each profile
  std::unique_ptr<onvif::VirtualDevice> device;
  std::unique_ptr<VirtualMedia> media;
  bool down = false;  // it reboots
  std::unique_ptr<Timer> boot;
};

// A client makes it reboot: the reply goes out, then it is gone for a while.
constexpr auto kRebootDelay = std::chrono::milliseconds(500);
constexpr auto kBootTime = std::chrono::seconds(4);

// The value of `profile` in a snapshot's query.
std::string profile_token(std::string_view target) {
  constexpr std::string_view kKey = "?profile=";
  const auto at = target.find(kKey);
  return at == std::string_view::npos ? std::string() : percent_decode(target.substr(at + kKey.size()));
}

// Closes the connection without a word.
onvif::SoapReply nothing() {
  onvif::SoapReply reply;
  reply.status = 0;
  return reply;
}

onvif::SoapReply Camera::answer(const onvif::SoapRequest& request) {
  if (down) return nothing();
  if (request.target.substr(0, request.target.find('?')) != onvif::kSnapshotPath)
    return device->handle(request);
  if (request.method != "GET" && request.method != "HEAD")
    return {405, "text/plain; charset=utf-8", {{"Allow", "GET, HEAD"}}, "a snapshot is fetched by GET\n"};
  if (auto refusal = device->refuse(request)) return *refusal;
  const auto token = profile_token(request.target);
  const auto& profiles = device->config().profiles;
  std::size_t index = 0;  // the main one where none is named
  while (!token.empty() && index < profiles.size() && profiles[index].token != token) ++index;
  if (index == profiles.size()) return {404, "text/plain; charset=utf-8", {}, "there is no such profile\n"};
  return {200, "image/jpeg", {{"Cache-Control", "no-store"}}, std::string(snapshot_jpeg(*clips[index]))};
}

nlohmann::ordered_json Camera::record() const {
  auto config = device->config();
  config.nat = false;  // where it really is, whatever it tells others
  for (const int quirk : {12, 77, 79, 81}) config.quirks.erase(quirk);
  nlohmann::ordered_json profiles = nlohmann::ordered_json::array();
  for (const auto& profile : config.profiles)
    profiles.push_back({{"token", profile.token},
                        {"name", profile.name},
                        {"rtsp_url", virtual_rtsp_url(config, profile)},
                        {"snapshot_url", virtual_snapshot_url(config, profile)}});
  nlohmann::ordered_json record = {{"name", config.name},
                                   {"ip", config.address},
                                   {"port", config.onvif_port},
                                   {"onvif_url", virtual_http_url(config, virtual_device_path(config))},
                                   {"rtsp_url", profiles.front()["rtsp_url"]},
                                   {"endpoint", config.endpoint},
                                   {"serial", config.serial},
                                   {"mac", config.mac},
                                   {"auth", auth_name(config.auth)},
                                   {"profiles", std::move(profiles)}};
  if (tls && config.rtsps) record["tls_pin"] = tls->pin().to_string();
  if (tls && config.https) record["onvif_tls_pin"] = tls->pin().to_string();
  return record;
}

// What the clip holds goes before what was planned; a file may be anything.
void describe(onvif::VirtualProfile& profile, const ClipSummary& clip) {
  profile.video = clip.video;
  profile.audio = clip.audio;
  profile.audio_sample_rate = clip.audio_sample_rate;
  const auto take = [](auto& value, auto known) {
    if (known != 0) value = known;
  };
  take(profile.width, clip.width);
  take(profile.height, clip.height);
  take(profile.fps, clip.fps);
  take(profile.gop, clip.gop);
  take(profile.bitrate_kbps, clip.bitrate_kbps);
}

// A port or address that can't be had is a mistake of the command line, as in `serve`.
Error unusable(Error error) {
  if (error.code == ErrorCode::kIo) error.code = ErrorCode::kConfig;
  if (error.hint.empty()) error.hint = "choose others by --address, --onvif-port and --rtsp-port";
  return error;
}

}  // namespace

struct Simulation::Impl {
  Impl(EventLoop& the_loop, const Options& the_options, std::shared_ptr<const tls::Context> the_tls)
      : loop(the_loop),
        options(the_options),
        tls(std::move(the_tls)),
        pacer(the_loop),
        http(the_loop, the_options.latency, the_options.https ? tls : nullptr) {}

  Result<void> listen_http();
  Result<void> make_clips();
  void start_devices();
  Result<void> start_media();
  Result<void> start_media(Camera& camera);
  Result<void> start_discovery(const std::vector<std::string>& interfaces);
  void reboot(std::size_t index);
  void go_down(std::size_t index);
  void come_up(std::size_t index);

  EventLoop& loop;
  const Options options;
  const std::shared_ptr<const tls::Context> tls;  // one key for all cameras, as some makers do it
  MediaPacer pacer;
  std::vector<std::unique_ptr<Camera>> cameras;
  HttpServer http;
  std::unique_ptr<DiscoveryResponder> discovery;
};

// Comes first: a port that is taken should show before pictures are encoded. Requests wait until the loop
// runs.
Result<void> Simulation::Impl::listen_http() {
  for (const auto& camera : cameras) {
    const auto& config = camera->plan.device;
    for (const auto port : std::set{config.onvif_port, onvif::virtual_snapshot_port(config)}) {
      auto listening = http.listen(
          config.address, port,
          [one = camera.get()](const onvif::SoapRequest& request) { return one->answer(request); });
      if (!listening) return listening;
    }
  }
  return {};
}

Result<void> Simulation::Impl::make_clips() {
  ClipLibrary library;
  if (!options.file.empty()) {
    const auto clip = library.file(options.file);
    if (!clip) return fail(clip.error());
    for (const auto& camera : cameras) camera->clips.assign(camera->plan.pictures.size(), *clip);
    return {};
  }
  std::vector<PictureOptions> wanted;
  for (const auto& camera : cameras)
    wanted.insert(wanted.end(), camera->plan.pictures.begin(), camera->plan.pictures.end());
  auto clips = library.pictures(wanted);
  auto next = clips.begin();
  for (const auto& camera : cameras) {
    for (std::size_t i = 0; i < camera->plan.pictures.size(); ++i, ++next) {
      if (!*next) return fail(next->error());
      camera->clips.push_back(**next);
    }
  }
  return {};
}

void Simulation::Impl::start_devices() {
  for (std::size_t index = 0; index < cameras.size(); ++index) {
    const auto& camera = cameras[index];
    auto config = camera->plan.device;
    for (std::size_t i = 0; i < config.profiles.size(); ++i)
      describe(config.profiles[i], summary(*camera->clips[i]));
    config.on_reboot = [this, index] { reboot(index); };
    config.on_refusal = [address = config.address](std::string_view scheme) {
      log::get().debug("{}: refuses credentials ({})", address, scheme);
    };
    camera->device = std::make_unique<onvif::VirtualDevice>(std::move(config));
  }
}

Result<void> Simulation::Impl::start_media() {
  for (const auto& camera : cameras) {
    if (auto started = start_media(*camera); !started) return started;
  }
  return {};
}

Result<void> Simulation::Impl::start_media(Camera& camera) {
  const auto& config = camera.device->config();
  VirtualMediaOptions media;
  media.rtsp.address = config.address;
  media.rtsp.port = config.rtsp_port;
  media.rtsp.server_name = kServerName;
  if (config.rtsps) media.rtsp.tls = camera.tls;
  if (config.auth != onvif::VirtualAuth::kNone) {
    media.rtsp.digest = config.digest;
    media.rtsp.credentials = config.credentials;
  }
  for (const auto& profile : config.profiles) media.paths.push_back(profile.rtsp_path);
  media.clips = camera.clips;
  media.faults = options.faults;
  media.clock_skew = config.clock_skew;
  auto started = VirtualMedia::start(loop, pacer, std::move(media));
  if (!started) return fail(started.error());
  camera.media = std::move(*started);
  return {};
}

void Simulation::Impl::reboot(std::size_t index) {
  Camera& camera = *cameras[index];
  if (camera.boot) return;  // it is about to, or at it
  camera.boot = std::make_unique<Timer>(loop);
  camera.boot->after(kRebootDelay, [this, index] { go_down(index); });
}

void Simulation::Impl::go_down(std::size_t index) {
  Camera& camera = *cameras[index];
  log::get().info("{} reboots", camera.device->config().name);
  if (discovery) discovery->farewell(index);
  camera.down = true;
  camera.media.reset();
  camera.boot->after(kBootTime, [this, index] { come_up(index); });
}

void Simulation::Impl::come_up(std::size_t index) {
  Camera& camera = *cameras[index];
  camera.device->restart();
  if (auto started = start_media(camera); !started)  // somebody else took its port meanwhile
    log::get().error("{}: {}", camera.device->config().name, started.error().message);
  camera.down = false;
  if (discovery) discovery->announce(index);
  loop.post([&camera] { camera.boot.reset(); });
}

Result<void> Simulation::Impl::start_discovery(const std::vector<std::string>& interfaces) {
  if (!options.discovery) return {};
  const auto interface = discovery_interface(options.address, interfaces);
  if (!interface) return fail(interface.error());
  std::vector<const onvif::VirtualDevice*> devices;
  for (const auto& camera : cameras) devices.push_back(camera->device.get());
  auto responder = DiscoveryResponder::start(loop, *interface, std::move(devices));
  if (!responder) return fail(responder.error());
  discovery = std::move(*responder);
  return {};
}

Result<std::unique_ptr<Simulation>> Simulation::start(EventLoop& loop, const Options& options,
                                                      const std::vector<std::string>& interfaces,
                                                      std::vector<CameraPlan> plans) {
  std::shared_ptr<const tls::Context> tls;
  if (options.rtsps || options.https) {
    auto made = tls::Context::self_signed("virtual camera");
    if (!made) return fail(made.error());
    tls = std::move(*made);
  }
  auto impl = std::make_unique<Impl>(loop, options, tls);
  for (auto& plan : plans) {
    impl->cameras.push_back(std::make_unique<Camera>());
    impl->cameras.back()->tls = tls;
    impl->cameras.back()->plan = std::move(plan);
  }
  if (options.discovery)  // before pictures are encoded, as what follows
    if (const auto interface = discovery_interface(options.address, interfaces); !interface)
      return fail(interface.error());
  if (auto listening = impl->listen_http(); !listening) return fail(unusable(std::move(listening.error())));
  if (auto made = impl->make_clips(); !made) return fail(made.error());
  impl->start_devices();
  if (auto sending = impl->start_media(); !sending) return fail(unusable(std::move(sending.error())));
  if (auto found = impl->start_discovery(interfaces); !found) return fail(found.error());
  return std::unique_ptr<Simulation>(new Simulation(std::move(impl)));
}

Simulation::Simulation(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Simulation::~Simulation() = default;

std::vector<nlohmann::ordered_json> Simulation::records() const {
  std::vector<nlohmann::ordered_json> result;
  for (const auto& camera : impl_->cameras) result.push_back(camera->record());
  return result;
}

void Simulation::announce() {
  if (impl_->discovery) impl_->discovery->announce();
}

void Simulation::farewell() {
  if (impl_->discovery) impl_->discovery->farewell();
}

}  // namespace camctl::simulate
