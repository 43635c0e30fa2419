#include "apps/simulate/simulation.h"

#include <fmt/format.h>

#include "apps/simulate/discovery_responder.h"
#include "apps/simulate/http_server.h"
#include "libonvif/virtual_device.h"
#include "libonvif/virtual_device_identity.h"

namespace camctl::simulate {
namespace {

const char* name(onvif::VirtualAuth auth) {
  switch (auth) {
    case onvif::VirtualAuth::kNone:
      return "none";
    case onvif::VirtualAuth::kWsse:
      return "wsse";
    case onvif::VirtualAuth::kDigest:
      return "digest";
    case onvif::VirtualAuth::kBoth:
      return "both";
  }
  return "none";
}

// A virtual camera. Its handlers hold its address, so it never moves.
struct Camera {
  explicit Camera(CameraPlan plan) : device(std::move(plan.device)) {}

  onvif::SoapReply answer(const onvif::SoapRequest& request);
  nlohmann::ordered_json record() const;

  onvif::VirtualDevice device;
};

onvif::SoapReply Camera::answer(const onvif::SoapRequest& request) { return device.handle(request); }

nlohmann::ordered_json Camera::record() const {
  const auto& config = device.config();
  nlohmann::ordered_json profiles = nlohmann::ordered_json::array();
  for (const auto& profile : config.profiles)
    profiles.push_back(
        {{"token", profile.token},
         {"name", profile.name},
         {"rtsp_url", fmt::format("rtsp://{}:{}{}", config.address, config.rtsp_port, profile.rtsp_path)}});
  return {{"name", config.name},
          {"ip", config.address},
          {"port", config.onvif_port},
          {"onvif_url", fmt::format("http://{}:{}{}", config.address, config.onvif_port, onvif::kDevicePath)},
          {"rtsp_url", profiles.front()["rtsp_url"]},
          {"endpoint", config.endpoint},
          {"serial", config.serial},
          {"mac", config.mac},
          {"auth", name(config.auth)},
          {"profiles", std::move(profiles)}};
}

}  // namespace

struct Simulation::Impl {
  explicit Impl(EventLoop& the_loop) : http(the_loop) {}

  std::vector<std::unique_ptr<Camera>> cameras;
  HttpServer http;
  std::unique_ptr<DiscoveryResponder> discovery;
};

Result<std::unique_ptr<Simulation>> Simulation::start(EventLoop& loop, const Options& options,
                                                      const std::vector<std::string>& interfaces,
                                                      std::vector<CameraPlan> plans) {
  auto impl = std::make_unique<Impl>(loop);
  std::vector<const onvif::VirtualDevice*> devices;
  for (auto& plan : plans) {
    auto& camera = *impl->cameras.emplace_back(std::make_unique<Camera>(std::move(plan)));
    devices.push_back(&camera.device);
    const auto& config = camera.device.config();
    if (auto r = impl->http.listen(
            config.address, config.onvif_port,
            [&camera](const onvif::SoapRequest& request) { return camera.answer(request); });
        !r)
      return fail(r.error());
  }
  if (options.discovery) {
    const auto interface = discovery_interface(options.address, interfaces);
    if (!interface) return fail(interface.error());
    auto responder = DiscoveryResponder::start(loop, *interface, std::move(devices));
    if (!responder) return fail(responder.error());
    impl->discovery = std::move(*responder);
  }
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
