// GET /metrics, for Prometheus: the cameras, HTTP, and the process.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/metrics/metrics_text.h"
#include "apps/serve/routes.h"
#include "base/os/process.h"

namespace camctl::apps::serve {
namespace {

using Type = MetricsText::Type;
using Seconds = std::chrono::duration<double>;

constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::array kStates = {hls::StreamState::kConnecting, hls::StreamState::kLive,
                                hls::StreamState::kOffline, hls::StreamState::kError,
                                hls::StreamState::kIdle};

// A camera as it is during one scrape.
struct Seen {
  std::string id, name;
  hls::StreamStatus status;
  unsigned viewers;
  std::size_t window_bytes;
};

std::vector<Seen> look_at(const CameraManager& cameras) {
  std::vector<Seen> seen;
  for (const auto& camera : cameras.all()) {
    const auto entry = camera->camera();
    seen.push_back(
        {entry->id, entry->name, camera->status(), camera->viewer_count(), camera->stream().window_bytes()});
  }
  return seen;
}

// A figure that each camera has; nothing: this one has none now.
struct CameraFigure {
  std::string_view name;
  Type type;
  std::string_view help;
  std::function<std::optional<double>(const Seen&)> value;
};

std::optional<double> age(const Seen& camera) {
  const auto last = camera.status.last_frame;
  if (last == std::chrono::system_clock::time_point{}) return std::nullopt;
  return Seconds(std::chrono::system_clock::now() - last).count();
}

std::optional<double> clock_offset(const Seen& camera) {
  if (!camera.status.clock_offset) return std::nullopt;
  return Seconds(*camera.status.clock_offset).count();
}

const std::vector<CameraFigure>& camera_figures() {
  static const std::vector<CameraFigure> figures = {
      {"camctl_camera_up", Type::kGauge, "1 while pictures of the camera can be played.",
       [](const Seen& c) { return c.status.state == hls::StreamState::kLive ? 1 : 0; }},
      {"camctl_camera_bits_per_second", Type::kGauge, "What came from the camera over the last seconds.",
       [](const Seen& c) { return 1000.0 * c.status.bitrate_kbps; }},
      {"camctl_camera_frames_per_second", Type::kGauge, "Pictures over the last seconds.",
       [](const Seen& c) { return c.status.fps; }},
      {"camctl_camera_last_frame_age_seconds", Type::kGauge, "Since the last picture came; none before it.",
       age},
      {"camctl_camera_longest_gop_seconds", Type::kGauge, "Longest time between two key frames.",
       [](const Seen& c) { return Seconds(c.status.longest_gop).count(); }},
      {"camctl_camera_clock_offset_seconds", Type::kGauge, "The camera's clock less ours, where it says.",
       clock_offset},
      {"camctl_camera_window_bytes", Type::kGauge, "Media kept in memory.",
       [](const Seen& c) { return static_cast<double>(c.window_bytes); }},
      {"camctl_camera_viewers", Type::kGauge, "Who watches it.",
       [](const Seen& c) { return static_cast<double>(c.viewers); }},
      {"camctl_camera_frames_total", Type::kCounter, "Pictures received.",
       [](const Seen& c) { return static_cast<double>(c.status.frames); }},
      {"camctl_camera_dropped_total", Type::kCounter, "Pictures and sound that could not be decoded.",
       [](const Seen& c) { return static_cast<double>(c.status.dropped); }},
      {"camctl_camera_losses_total", Type::kCounter, "Places where packets were lost and pictures with them.",
       [](const Seen& c) { return static_cast<double>(c.status.holes); }},
      {"camctl_camera_reconnects_total", Type::kCounter, "Times that it was connected again.",
       [](const Seen& c) { return static_cast<double>(c.status.reconnects); }},
  };
  return figures;
}

void write_cameras(MetricsText& out, const std::vector<Seen>& cameras) {
  out.family("camctl_camera_info", Type::kGauge, "1, with the name of the camera.");
  for (const auto& camera : cameras) out.sample(1, {{"camera", camera.id}, {"name", camera.name}});
  out.family("camctl_camera_state", Type::kGauge, "1 for the state that the camera is in, 0 for the others.");
  for (const auto& camera : cameras)
    for (const auto state : kStates)
      out.sample(camera.status.state == state ? 1 : 0, {{"camera", camera.id}, {"state", hls::name(state)}});
  for (const auto& figure : camera_figures()) {
    out.family(figure.name, figure.type, figure.help);
    for (const auto& camera : cameras)
      if (const auto value = figure.value(camera)) out.sample(*value, {{"camera", camera.id}});
  }
}

void write_durations(MetricsText& out, const HttpTotals& totals) {
  out.family("camctl_http_response_seconds", Type::kHistogram,
             "From a request's last byte to its answer's; waited: for what a camera had not sent yet.");
  for (const auto content : kContents) {
    const auto& figures = totals.answers[static_cast<std::size_t>(content)];
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < figures.durations.size(); ++i) {
      sum += figures.durations[i];
      const auto bound = i < kLatencyBounds.size() ? fmt::format("{}", kLatencyBounds[i]) : "+Inf";
      out.sample(static_cast<double>(sum), {{"content", name(content)}, {"le", bound}}, "_bucket");
    }
    out.sample(figures.seconds, {{"content", name(content)}}, "_sum");
    out.sample(static_cast<double>(sum), {{"content", name(content)}}, "_count");
  }
}

void write_http(MetricsText& out, const HttpTotals& totals) {
  static constexpr std::array<std::string_view, HttpCounters::kClasses> kClassNames = {"1xx", "2xx", "3xx",
                                                                                       "4xx", "5xx"};
  out.family("camctl_http_responses_total", Type::kCounter,
             "Answers by what was asked for and their status.");
  for (const auto content : kContents)
    for (std::size_t i = 0; i < kClassNames.size(); ++i)
      out.sample(static_cast<double>(totals.answers[static_cast<std::size_t>(content)].answers[i]),
                 {{"content", name(content)}, {"status", kClassNames[i]}});
  out.family("camctl_http_sent_bytes_total", Type::kCounter, "Bytes of bodies and WebSocket frames.");
  for (const auto content : kContents)
    out.sample(static_cast<double>(totals.answers[static_cast<std::size_t>(content)].bytes),
               {{"content", name(content)}});
  write_durations(out, totals);
  out.single("camctl_http_connections", Type::kGauge, "Connections now.",
             static_cast<double>(totals.connections));
  out.single("camctl_http_refused_connections_total", Type::kCounter, "Connections beyond max_connections.",
             static_cast<double>(totals.refused));
}

// Named as Prometheus's own client libraries name them.
void write_process(MetricsText& out) {
  const auto process = os::process_figures();
  out.single("process_cpu_seconds_total", Type::kCounter, "CPU time.", process.cpu_seconds);
  out.single("process_resident_memory_bytes", Type::kGauge, "Memory in use.",
             static_cast<double>(process.resident_bytes));
  out.single("process_virtual_memory_bytes", Type::kGauge, "Address space.",
             static_cast<double>(process.virtual_bytes));
  out.single("process_open_fds", Type::kGauge, "Open files and sockets.",
             static_cast<double>(process.open_descriptors));
  out.single("process_max_fds", Type::kGauge, "How many there may be.",
             static_cast<double>(process.max_descriptors));
  out.single("process_threads", Type::kGauge, "Threads.", static_cast<double>(process.threads));
  out.single("process_start_time_seconds", Type::kGauge, "Since 1970.", process.started);
}

}  // namespace

void add_metrics_routes(std::vector<Route>& routes, const std::shared_ptr<const RouteContext>& context) {
  routes.push_back({Method::kGet, "/metrics",
                    [context](const RequestPtr&, const ExchangePtr& exchange) {
                      MetricsText out;
                      out.family("camctl_build_info", Type::kGauge, "1, with the version.");
                      out.sample(1, {{"version", CAMCTL_VERSION}});
                      write_cameras(out, look_at(context->cameras));
                      write_http(out, context->http_totals());
                      write_process(out);
                      auto response = text_response(200, std::string(kContentType), out.take());
                      response.cache_control = "no-store";
                      exchange->send(std::move(response));
                    },
                    "figures of cameras, HTTP and the process for Prometheus"});
}

}  // namespace camctl::apps::serve
