#include "apps/serve/serve.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <set>
#include <system_error>
#include <thread>

#include "apps/common/clock_text.h"
#include "apps/media/on_loop.h"
#include "apps/serve/auth/gate.h"
#include "apps/serve/camera_manager.h"
#include "apps/serve/devices/camera_search.h"
#include "apps/serve/devices/device_control.h"
#include "apps/serve/disk_reader.h"
#include "apps/serve/events/event_log.h"
#include "apps/serve/events/event_watch.h"
#include "apps/serve/http/connection.h"
#include "apps/serve/http/server.h"
#include "apps/serve/http_settings.h"
#include "apps/serve/restream/restream.h"
#include "apps/serve/routes.h"
#include "apps/serve/service_watch.h"
#include "apps/serve/snapshots.h"
#include "apps/serve/state_folder.h"
#include "base/log.h"
#include "base/os/descriptors.h"
#include "base/os/heap.h"
#include "libhls/encoder_choice.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// For responses on their way when the program ends; the rest of the promised 2 s is for streams.
constexpr auto kGrace = 300ms;
constexpr auto kPatience = 1s;
constexpr auto kRemember = 1min;
constexpr auto kDiskPatience = 200ms;
constexpr auto kFarewell = 1800ms;  // to cameras, from the beginning of the end; most of it beside the others

// Whatever is wrong before the start is a matter of usage or configuration (interface.md: exit code 2).
tl::unexpected<Error> refuse(Error error) {
  if (error.code != ErrorCode::kUsage && error.code != ErrorCode::kCancelled) error.code = ErrorCode::kConfig;
  return fail(std::move(error));
}

Result<Config> load(const ServeOptions& options) {
  auto sources = default_config_sources(options.config);
  if (!options.cameras.empty()) sources.flags.push_back({"cameras", options.cameras, "[F|-]"});
  return load_config(sources);
}

// Keys that count at the start only.
void warn_of_restart(const Settings& before, const Settings& after) {
  const std::pair<const char*, bool> keys[] = {
      {"listen", before.listen != after.listen},
      {"rtsp_listen", before.rtsp_listen != after.rtsp_listen},
      {"allow_anonymous", before.allow_anonymous != after.allow_anonymous},
      {"cameras", before.cameras != after.cameras},
      {"threads", before.threads != after.threads},
      {"max_connections", before.max_connections != after.max_connections},
      {"host_sessions", before.host_sessions != after.host_sessions},
      {"state_dir", before.state_dir != after.state_dir},
      {"dvr_dir", before.dvr_dir != after.dvr_dir},
      {"dvr_max_bytes", before.dvr_max_bytes != after.dvr_max_bytes},
      {"access_log", before.access_log != after.access_log},
      {"web_dir", before.web_dir != after.web_dir}};
  for (const auto& [key, changed] : keys)
    if (changed) log::get().warn("{} has changed, which needs a restart", key);
}

void keep_until_restart(const Settings& now, Settings& next) {
  next.cameras = now.cameras;
  next.listen = now.listen;
  next.rtsp_listen = now.rtsp_listen;
  next.allow_anonymous = now.allow_anonymous;
}

// Users may go only from where nobody else comes in.
Result<void> check_reloaded(const Settings& now, const Settings& next) {
  auto kept = next;
  keep_until_restart(now, kept);
  return check_listen(kept);
}

void warn_of_unknown_streams(const Settings& settings, const std::vector<Camera>& cameras) {
  for (const auto& [id, overrides] : settings.streams)
    if (std::none_of(cameras.begin(), cameras.end(),
                     [&name = id](const auto& one) { return one.id == name; }))
      log::get().warn("the configuration has streams: {}, but there is no such camera", id);
}

// The running program. All on the control loop, which is the main thread.
class Program {
 public:
  Program(const ServeOptions& options, Config config, Credentials general, std::vector<Asset> assets)
      : options_(options),
        config_(std::move(config)),
        general_(std::move(general)),
        assets_(std::move(assets)) {}

  Result<void> prepare();
  void run(const std::stop_token& stop, const std::vector<Camera>& cameras);

 private:
  std::string summary() const;
  std::optional<ListenAddress> restream_address() const;
  void log_end(std::chrono::steady_clock::time_point began) const;
  std::shared_ptr<const RouteContext> route_context();
  Result<std::shared_ptr<auth::Gate>> make_gate();
  void reload();
  void reload_all();
  void reload_cameras();
  void await_hangup();
  void remember();
  void apply(const std::vector<Camera>& cameras, bool try_refused = false);
  Result<void> edit(const std::function<Result<void>(std::vector<Camera>&)>& edit_entries);
  Result<Camera> change(const Change& change);
  void take_moved(const std::vector<CameraSearch::Moved>& moved);
  void search_lost();
  bool from_stdin() const { return config_.settings.cameras == "-"; }

  const ServeOptions& options_;
  Config config_;
  const Credentials general_;  // of --user: for any camera of the file
  const std::vector<Asset> assets_;
  EventLoop control_;
  EventLoop rtsp_loop_;  // before the server: its loops post here until they end
  std::atomic<bool> ready_{false}, save_credentials_{false};
  std::unique_ptr<Server> server_;
  std::shared_ptr<auth::Gate> gate_;
  std::unique_ptr<CameraManager> manager_;  // uses the server's loops
  Snapshots snapshots_;
  DiskReader disk_reader_;
  Refusals refusals_;
  EventLog event_log_;
  DeviceControl devices_{refusals_};
  std::unique_ptr<EventWatch> event_watch_;
  std::unique_ptr<CameraSearch> search_;
  std::unique_ptr<Restream> restream_;  // on its loop
  std::unique_ptr<boost::asio::signal_set> hangup_;
  std::unique_ptr<ServiceWatch> service_;
  Timer remember_timer_{control_};
};

std::optional<ListenAddress> Program::restream_address() const {
  if (!restream_) return std::nullopt;
  auto address = *ListenAddress::parse(config_.settings.rtsp_listen);
  address.port = restream_->port();
  return address;
}

std::shared_ptr<const RouteContext> Program::route_context() {
  return std::make_shared<RouteContext>(RouteContext{
      *manager_,
      [this](Change wanted, std::function<void(Result<Camera>)> done) {
        control_.post([this, wanted = std::move(wanted), done = std::move(done)] { done(change(wanted)); });
      },
      [this] { return save_credentials_.load(); }, [this] { return ready_.load(); }, snapshots_, disk_reader_,
      [this](std::function<void()> task) { control_.post(std::move(task)); },
      [this] { return server_->totals(); }, devices_, event_log_, *event_watch_, server_->loops(),
      restream_address()});
}

Result<std::shared_ptr<auth::Gate>> Program::make_gate() {
  const auto find = [this](std::string_view text) -> std::optional<std::string> {
    const auto camera = manager_->find(text);
    if (!camera) return std::nullopt;
    return camera->camera()->id;
  };
  return auth::Gate::make(server_->loops(), find, config_.settings.users, state_folder(config_.settings));
}

Result<void> Program::prepare() {
  const auto& settings = config_.settings;
  const auto address = ListenAddress::parse(settings.listen);
  if (!address) return refuse(address.error());
  auto log = AccessLog::open(settings.access_log);
  if (!log) return refuse(log.error());
  const auto threads =
      settings.threads > 0 ? settings.threads : std::max(1u, std::thread::hardware_concurrency());
  server_ =
      std::make_unique<Server>(static_cast<unsigned>(threads), settings.max_connections, std::move(*log));
  manager_ = std::make_unique<CameraManager>(server_->loops(), GopMemory::path_for(settings.cameras));
  event_watch_ = std::make_unique<EventWatch>(control_, *manager_, refusals_, event_log_);
  search_ = std::make_unique<CameraSearch>(control_, *manager_, refusals_,
                                           [this](const auto& moved) { take_moved(moved); });
  auto gate = make_gate();
  if (!gate) return refuse(gate.error());
  gate_ = std::move(*gate);
  if (auto done = server_->listen(control_, *address); !done) return refuse(done.error());
  const auto http = http_options(settings);
  if (!http) return refuse(http.error());
  server_->set_options(*http);
  save_credentials_ = settings.save_credentials;
  if (settings.rtsp_listen.empty()) return {};
  const auto rtsp_address = ListenAddress::parse(settings.rtsp_listen);
  if (!rtsp_address) return refuse(rtsp_address.error());
  auto restream = Restream::listen(rtsp_loop_, *rtsp_address, *manager_);
  if (!restream) return refuse(restream.error());
  restream_ = std::move(*restream);
  return {};
}

std::string Program::summary() const {
  const auto cameras = manager_->all().size();
  return fmt::format("serving {} camera{} on {}://{}/", cameras, cameras == 1 ? "" : "s",
                     config_.settings.tls_cert.empty() ? "http" : "https", server_->address().to_string());
}

void Program::apply(const std::vector<Camera>& cameras, bool try_refused) {
  const auto changes = manager_->apply(cameras, config_.settings, general_, try_refused);
  log::get().debug("cameras: {} started, {} restarted, {} moved, {} stopped, {} as before", changes.started,
                   changes.restarted, changes.moved, changes.stopped, changes.kept);
}

// The file is what counts: `discover` may have written it since we read it.
Result<void> Program::edit(const std::function<Result<void>(std::vector<Camera>&)>& edit_entries) {
  if (from_stdin())
    return fail(ErrorCode::kUsage, "the cameras came from standard input and can't be changed",
                "start serve with --cameras FILE");
  const auto& path = config_.settings.cameras;
  auto cameras = load_cameras(path);
  if (!cameras && cameras.error().code == ErrorCode::kNotFound) cameras = std::vector<Camera>{};
  if (!cameras) return fail(ErrorCode::kIo, cameras.error().message, cameras.error().hint);
  if (auto edited = edit_entries(*cameras); !edited) return edited;
  // What the file holds already stays in it.
  const bool keep =
      std::any_of(cameras->begin(), cameras->end(), [](const auto& c) { return !c.credentials.empty(); });
  if (auto saved = save_cameras(path, *cameras, keep); !saved) return fail(saved.error());
  apply(*cameras);
  return {};
}

Result<Camera> Program::change(const Change& change) {
  Camera changed;
  auto done = edit([&](std::vector<Camera>& cameras) -> Result<void> {
    auto result = change(cameras);
    if (!result) return fail(result.error());
    changed = std::move(*result);
    return {};
  });
  if (!done) return fail(done.error());
  return changed;
}

// What somebody has changed since the search began stays as it is.
void Program::take_moved(const std::vector<CameraSearch::Moved>& moved) {
  auto done = edit([&](std::vector<Camera>& cameras) -> Result<void> {
    for (const auto& one : moved) {
      const auto entry = std::ranges::find(cameras, one.before.id, &Camera::id);
      if (entry == cameras.end() || entry->rtsp_url != one.before.rtsp_url) continue;
      auto after = one.after;
      after.credentials = entry->credentials;
      *entry = std::move(after);
    }
    return {};
  });
  if (!done) log::get().error("the new addresses are not kept: {}", done.error().message);
}

// Addresses of cameras that came by standard input can't be kept.
void Program::search_lost() {
  search_->look(from_stdin() ? std::chrono::milliseconds(0) : config_.settings.find_lost);
}

void Program::reload_cameras() {
  if (from_stdin()) return;
  // A file that has gone, if only for a moment, is no wish to watch nothing.
  const auto cameras = load_named_cameras(config_.settings.cameras);
  if (!cameras) {
    log::get().error("not reloaded: {}", cameras.error().message);
    return;
  }
  warn_of_unknown_streams(config_.settings, *cameras);
  refusals_.forget();
  event_watch_->try_failed();
  apply(*cameras, true);  // the password may have been corrected at the camera
}

void Program::reload() {
  log::get().info("reloading");
  service_->reloading();
  reload_all();
  service_->ready(summary());
}

void Program::reload_all() {
  if (auto done = server_->reopen_log(); !done) log::get().error("{}", done.error().message);
  auto config = load(options_);
  if (!config) {
    log::get().error("not reloaded: {}", config.error().message);
    return;
  }
  if (auto done = check_reloaded(config_.settings, config->settings); !done) {
    log::get().error("not reloaded: {}", done.error().message);
    return;
  }
  const auto http = http_options(config->settings);
  if (!http) {
    log::get().error("not reloaded: {}", http.error().message);
    return;
  }
  warn_of_restart(config_.settings, config->settings);
  keep_until_restart(config_.settings, config->settings);
  config_ = std::move(*config);
  save_credentials_ = config_.settings.save_credentials;
  server_->set_options(*http);
  gate_->set_users(config_.settings.users);
  search_lost();
  reload_cameras();
}

void Program::await_hangup() {
  hangup_->async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    reload();
    await_hangup();
  });
}

// Now and then, since a server may end without warning.
void Program::remember() {
  manager_->remember();
  remember_timer_.after(kRemember, [this] { remember(); });
}

void Program::log_end(std::chrono::steady_clock::time_point began) const {
  const auto cameras = manager_->all().size();
  std::uint64_t answers = 0, bytes = 0;
  for (const auto& figures : server_->totals().answers) {
    answers += std::accumulate(figures.answers.begin(), figures.answers.end(), std::uint64_t{0});
    bytes += figures.bytes;
  }
  constexpr double kMegabyte = 1e6;
  log::get().info("stopped after {}: {} camera{}, {} requests answered, {:.1f} MB sent",
                  clock_text(std::chrono::steady_clock::now() - began), cameras, cameras == 1 ? "" : "s",
                  answers, static_cast<double>(bytes) / kMegabyte);
}

void Program::run(const std::stop_token& stop, const std::vector<Camera>& cameras) {
  service_ = std::make_unique<ServiceWatch>(control_, server_->loops());
  const auto began = std::chrono::steady_clock::now();
  hangup_ = std::make_unique<boost::asio::signal_set>(control_.context(), SIGHUP);
  await_hangup();
  warn_of_unknown_streams(config_.settings, cameras);
  apply(cameras);
  remember();
  event_watch_->look();
  search_lost();
  server_->start(Router(all_routes(route_context(), gate_, assets_)), gate_);
  ready_ = true;
  log::get().info("{}", summary());
  service_->ready(summary());
  if (restream_) {
    rtsp_loop_.start("rtsp");
    const auto address = restream_address()->to_string();
    log::get().info("restreaming on rtsp://{}/", address);
    if (!config_.settings.users.empty())
      log::get().warn("RTSP knows no users: whoever reaches {} sees every camera", address);
  }
  const std::stop_callback stopping(stop, [this] { control_.stop(); });
  control_.run();
  ready_ = false;
  service_->stopping();
  const auto deadline = std::chrono::steady_clock::now() + kFarewell;
  devices_.end();
  event_watch_->end();
  search_->end();
  manager_->remember();
  if (restream_) {
    run_on(rtsp_loop_, [this] { restream_.reset(); });
    rtsp_loop_.stop();
    rtsp_loop_.join();
  }
  server_->stop(kGrace);
  log_end(began);
  const bool ended = manager_->stop(kPatience) && disk_reader_.stop(kDiskPatience);
  if (!devices_.stop(deadline) || !event_watch_->stop(deadline) || !search_->stop(deadline) || !ended) {
    // A library or a camera that does not answer holds a thread up, or a disk does. All that matters is on
    // disk already.
    log::get().debug("ending without waiting for the last cameras or the disk");
    std::_Exit(0);
  }
  hangup_.reset();
}

}  // namespace

void add_serve_options(CLI::App& app, ServeOptions& options) {
  app.add_option("cameras_file", options.cameras,
                 "cameras.json, or - for standard input (short for --cameras)")
      ->type_name("F|-");
  add_config_flags(
      app, options.config,
      {"listen",          "allow_anonymous", "rtsp_listen", "cameras",          "hosts",
       "cors_origins",    "access_log",      "web_dir",     "save_credentials", "threads",
       "max_connections", "transport",       "video_codec", "bitrate",          "maxrate",
       "video_encoder",   "preset",          "height",      "audio_bitrate",    "segment_duration",
       "segments",        "part_duration",   "dvr",         "dvr_memory",       "tiers",
       "max_transcodes",  "on_demand",       "dvr_dir",     "dvr_max_bytes",    "state_dir",
       "tls_cert",        "tls_key"});
  app.add_flag("--print-config", options.print_config,
               "print the configuration and where each value comes from");
  add_credential_options(app, options.credentials);
}

Result<void> check_listen(const Settings& settings) {
  const bool users = !settings.users.empty();
  if (users && settings.allow_anonymous)
    return fail(ErrorCode::kUsage, "there are users, so allow_anonymous makes no sense",
                "take one of them out of the configuration");
  const auto check = [&](const std::string& text, bool knows_users) -> Result<void> {
    const auto address = ListenAddress::parse(text);
    if (!address) return fail(address.error());
    if (address->address.is_loopback() || settings.allow_anonymous || knows_users) return {};
    if (users)
      return fail(ErrorCode::kUsage,
                  fmt::format("others can reach {}, and RTSP here knows no users", address->to_string()),
                  "let rtsp_listen be 127.0.0.1");
    return fail(
        ErrorCode::kUsage,
        fmt::format("others can reach {}, and there are no users to log in", address->to_string()),
        "listen on 127.0.0.1, add users to the configuration, or let anybody in with --allow-anonymous");
  };
  if (auto done = check(settings.listen, users); !done) return done;
  return settings.rtsp_listen.empty() ? Result<void>{} : check(settings.rtsp_listen, false);
}

namespace {

// Encoders that are named must be there; what auto finds is looked for when it is needed.
Result<void> check_encoders(const Settings& settings) {
  std::set<std::string> wanted{settings.stream.video_encoder};
  for (const auto& [id, overrides] : settings.streams) wanted.insert(settings.stream_for(id).video_encoder);
  wanted.erase("auto");
  for (const auto& name : wanted)
    if (const auto choice = hls::choose_encoder(name); !choice) return fail("video_encoder", choice.error());
  return {};
}

}  // namespace

Result<std::vector<Camera>> read_cameras(const std::string& name, bool by_default) {
  std::error_code ignored;
  if (!by_default || std::filesystem::exists(name, ignored)) return load_named_cameras(name);
  log::get().warn(
      "there is no {} here, so there are no cameras yet (camctl scan | camctl discover - makes it)", name);
  return std::vector<Camera>{};
}

Result<void> run(const ServeOptions& options, std::span<const EmbeddedFile> files, Context& context) {
  context.interrupt_is_normal = true;
  auto config = load(options);
  if (!config) return refuse(config.error());
  if (options.print_config) {
    const auto text = print_config(*config);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    return {};
  }
  const auto& settings = config->settings;
  if (auto done = check_listen(settings); !done) return refuse(done.error());
  if (auto done = check_encoders(settings); !done) return refuse(done.error());
  auto general = resolve_credentials(options.credentials);
  if (!general) return refuse(general.error());
  auto assets = load_assets(files, settings.web_dir);
  if (!assets) return refuse(assets.error());
  auto cameras = read_cameras(settings.cameras, !config->origins.contains("cameras"));
  if (!cameras) return refuse(cameras.error());
  os::raise_descriptor_limit();
  os::tune_heap_for_media();
  Program program(options, std::move(*config), std::move(*general), std::move(*assets));
  if (auto done = program.prepare(); !done) return done;
  program.run(context.stop, *cameras);
  return {};
}

}  // namespace camctl::apps::serve
