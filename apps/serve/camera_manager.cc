#include "apps/serve/camera_manager.h"

#include <algorithm>
#include <future>
#include <thread>

#include "apps/media/camera_source.h"
#include "apps/serve/dvr_folder.h"
#include "apps/serve/renditions.h"
#include "apps/serve/tiers/tier_plan.h"
#include "apps/serve/tiers/tier_source.h"
#include "base/log.h"
#include "base/text.h"
#include "base/url.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// A camera that can't be tried at all: says why, and is tried again like any other.
class BrokenSource : public media::Source {
 public:
  explicit BrokenSource(Error error) : error_(std::move(error)) {}
  ~BrokenSource() override { stop(); }
  void start(EventLoop& loop, media::SourceSink& sink) override {
    alive_ = std::make_shared<bool>(true);
    loop.post([alive = std::weak_ptr(alive_), &sink, error = error_] {
      if (!alive.expired()) sink.on_end(fail(error));
    });
  }
  void stop() override { alive_.reset(); }

 private:
  Error error_;
  std::shared_ptr<bool> alive_;
};

// Half the cores: the rest is for those who watch what is not transcoded.
std::size_t transcode_limit(const Settings& settings) {
  if (settings.max_transcodes != kAutoCount) return settings.max_transcodes;
  return std::max(1u, std::thread::hardware_concurrency() / 2);
}

}  // namespace

Result<media::SourceFactory> make_source(const Recipe& recipe) {
  if (recipe.rtsp_url.empty())
    return fail(ErrorCode::kConfig, "there is no \"rtsp_url\" in its entry of the file of cameras",
                "camctl discover FILE asks the device for it");
  auto url = Url::parse(recipe.rtsp_url);
  if (!url) return fail(url.error());
  return camera_source({*url, recipe.credentials}, recipe.settings);
}

Credentials credentials_for(const Camera& camera, const std::vector<CredentialEntry>& entries,
                            const Credentials& general) {
  if (!camera.credentials.empty()) return camera.credentials;
  const auto url = Url::parse(camera.rtsp_url);
  if (!url) return {};
  if (auto found = find_credentials(entries, identity_of(camera, url->host))) return *found;
  const bool own_device = text::iequals(url->host, camera.ip);
  return own_device && !camera.extra.contains(kAddedBy) ? general : Credentials{};
}

CameraManager::CameraManager(std::vector<EventLoop*> loops, std::filesystem::path gop_file)
    : loops_(std::move(loops)), gops_(std::move(gop_file)), set_(std::make_shared<const Set>()) {}

CameraManager::~CameraManager() = default;

std::shared_ptr<const CameraManager::Set> CameraManager::set() const {
  const std::lock_guard lock(mutex_);
  return set_;
}

ServedCameraPtr CameraManager::make_one(EventLoop& loop, const Camera& camera, Recipe recipe,
                                        const Presentation& presentation) {
  auto factory = make_source(recipe);
  if (!factory) {
    log::get().error("camera {}: {}", camera.id, factory.error().message);
    factory = [error = factory.error()] { return std::make_unique<BrokenSource>(error); };
  } else {
    const auto url = Url::parse(recipe.rtsp_url);
    if (recipe.settings.video_codec != "copy") factory = slots_->counted(std::move(*factory));
    factory = gate_->guard(std::move(*factory), url->host, recipe.credentials);
  }
  return std::make_shared<ServedCamera>(loop, loops_, camera, std::move(recipe), std::move(*factory),
                                        presentation);
}

// All renditions on one loop.
ServedCameraPtr CameraManager::make(const Camera& camera, Recipe recipe) {
  auto& loop = *loops_[next_loop_++ % loops_.size()];
  Presentation presentation;
  presentation.longest_gop = known_gop(camera, recipe.renditions, gops_.last_run(camera.id));
  presentation.disk = disk_;
  const auto main = make_one(loop, camera, recipe, presentation);
  add_tiers(*main, loop, camera, recipe, presentation);
  if (recipe.renditions.empty()) return main;
  recipe.settings.on_demand = true;
  recipe.renditions.push_back(camera.rtsp_url);  // beside those that are made here
  for (const auto& plan : plan_renditions(camera)) {
    auto entry = camera;
    entry.id += "/" + plan.name;
    entry.rtsp_url = recipe.rtsp_url = plan.rtsp_url;
    main->add_rendition(plan.name, make_one(loop, entry, recipe, presentation));
  }
  return main;
}

void CameraManager::add_tiers(ServedCamera& main, EventLoop& loop, const Camera& camera, Recipe recipe,
                              const Presentation& presentation) {
  const bool other_h264 = !recipe.renditions.empty() &&
                          std::ranges::count(plan_renditions(camera), "h264", &RenditionPlan::codec) > 0;
  auto plans = plan_tiers(recipe.settings, other_h264);
  if (plans.empty()) return;
  recipe.rtsp_url.clear();  // no camera is connected, and none probed
  recipe.settings.on_demand = true;
  auto shared = presentation;
  shared.times_are_placed = true;
  TierMakers makers;
  makers.allowed = [slots = slots_] { return slots->limit() > 0; };
  makers.make = [&loop, loops = loops_, camera, recipe, shared, slots = slots_, encoders = encoders_](
                    const ServedCameraPtr& source, const TierPlan& plan) {
    auto entry = camera;
    entry.id += "/" + plan.name;
    auto options = encoders->options(plan, recipe.settings, source->target_duration());
    options.name = "camera " + entry.id;
    auto factory = hls::transcoded(tier_source(source, slots), std::move(options));
    return std::make_shared<ServedCamera>(loop, loops, std::move(entry), recipe, std::move(factory), shared);
  };
  makers.preview = [settings = recipe.settings, encoders = encoders_, target = main.target_duration()](
                       const media::VideoInfo& source, const TierPlan& plan) {
    return encoders->preview(source, encoders->options(plan, settings, target));
  };
  main.set_tiers(std::make_unique<Tiers>(std::move(plans), other_h264, std::move(makers)));
}

CameraManager::Changes CameraManager::apply(const std::vector<Camera>& cameras, const Settings& settings,
                                            const Credentials& general, bool try_refused) {
  if (!gate_) gate_ = std::make_shared<SourceGate>(settings.host_sessions);
  if (try_refused) gate_->forget_refusals();
  slots_->set_limit(transcode_limit(settings));
  const bool goes_back = std::ranges::any_of(
      cameras, [&](const Camera& camera) { return settings.stream_for(camera.id).dvr.count() > 0; });
  if (goes_back && !disk_)
    disk_ = std::make_shared<hls::SpoolDisk>(hls::SpoolOptions{dvr_folder(settings), settings.dvr_max_bytes});
  const auto before = set();
  auto after = std::make_shared<Set>();
  Changes changes;
  std::vector<ServedCameraPtr> fresh;
  for (const auto& camera : cameras) {
    Recipe recipe{camera.rtsp_url,
                  credentials_for(camera, settings.credentials, general),
                  settings.stream_for(camera.id),
                  {}};
    if (!camera.tls_pin.empty()) recipe.settings.tls_pin = camera.tls_pin;
    if (camera.on_demand) recipe.settings.on_demand = *camera.on_demand;
    // Transcoding is for one picture that everything plays.
    if (recipe.settings.adaptive && recipe.settings.video_codec == "copy")
      for (const auto& plan : plan_renditions(camera)) recipe.renditions.push_back(plan.rtsp_url);
    const auto known = before->by_id.find(camera.id);
    ServedCameraPtr served;
    const bool same = known != before->by_id.end() && known->second->recipe() == recipe;
    if (same && !(try_refused && known->second->status().cause == ErrorCode::kAuth)) {
      served = known->second;
      served->set_camera(camera);
      ++changes.kept;
    } else {
      ++(known == before->by_id.end() ? changes.started : changes.restarted);
      served = make(camera, std::move(recipe));
      fresh.push_back(served);
    }
    after->ordered.push_back(served);
    after->by_id.emplace(camera.id, served);
  }
  {
    const std::lock_guard lock(mutex_);
    set_ = after;
  }
  for (const auto& camera : before->ordered) {
    const auto still = after->by_id.find(camera->camera()->id);
    if (still != after->by_id.end() && still->second == camera) continue;
    camera->stop();
    camera->waiting().wake();
    if (still == after->by_id.end()) ++changes.stopped;
  }
  for (const auto& camera : fresh) camera->start();
  return changes;
}

ServedCameraPtr CameraManager::find(std::string_view id) const {
  const auto current = set();
  if (const auto found = current->by_id.find(id); found != current->by_id.end()) return found->second;
  const bool number = !id.empty() && id.find_first_not_of("0123456789") == id.npos;
  if (!number) return nullptr;
  const auto found = current->by_id.find("stream_" + std::string(id));
  return found == current->by_id.end() ? nullptr : found->second;
}

ServedCameraPtr CameraManager::watch(std::string_view id) const {
  auto camera = find(id);
  if (camera) camera->wanted();
  return camera;
}

std::vector<ServedCameraPtr> CameraManager::all() const { return set()->ordered; }

void CameraManager::remember() {
  const auto run =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
  for (const auto& camera : all()) gops_.learn(camera->camera()->id, camera->longest_gop(), run);
  if (auto saved = gops_.save(); !saved)
    log::get().info("the lengths of groups of pictures are not kept: {}", saved.error().message);
}

bool CameraManager::stop(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::shared_ptr<const Set> last;
  {
    const std::lock_guard lock(mutex_);
    last = std::exchange(set_, std::make_shared<const Set>());
  }
  for (const auto& camera : last->ordered) {
    camera->stop();
    camera->waiting().wake();
  }
  last.reset();
  // Streams end on their loops, in tasks that are queued by now: pass through each queue twice, since the
  // first tasks may queue the last.
  for (int round = 0; round < 2; ++round) {
    for (auto* loop : loops_) {
      const auto passed = std::make_shared<std::promise<void>>();
      auto done = passed->get_future();
      loop->post([passed] { passed->set_value(); });
      if (done.wait_until(deadline) != std::future_status::ready) return false;
    }
  }
  return !disk_ || disk_->stop(std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 deadline - std::chrono::steady_clock::now())));
}

}  // namespace camctl::apps::serve
