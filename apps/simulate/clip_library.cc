#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "apps/simulate/clip.h"
#include "apps/simulate/encode.h"
#include "base/atomic_file.h"
#include "base/log.h"

namespace camctl::simulate {
namespace {

constexpr unsigned kCacheVersion = 1;         // goes up when pictures or encoder options change
constexpr std::size_t kMaxFilm = 128u << 20;  // 8 s of the greatest bit rate
constexpr std::size_t kMaxCachedFilms = 128;  // some 300 MB of 1080p; the oldest go

// Names the film by all that makes it; the camera's name by a hash, as it may hold any character.
std::string cache_name(const PictureOptions& o) {
  std::uint64_t hash = 14'695'981'039'346'656'037u;  // FNV-1a: stable between runs, unlike std::hash
  for (const char c : o.name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1'099'511'628'211u;
  return fmt::format("v{}-{}-{}-{}x{}-{}fps-gop{}-{}k-{:016x}.mov", kCacheVersion, media::name(o.video),
                     media::name(o.audio), o.width, o.height, o.fps, o.gop, o.bitrate_kbps, hash);
}

void evict(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> films;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".mov") films.emplace_back(entry.last_write_time(error), entry.path());
  if (films.size() <= kMaxCachedFilms) return;
  std::ranges::sort(films);
  films.resize(films.size() - kMaxCachedFilms);
  for (const auto& [time, path] : films) std::filesystem::remove(path, error);
}

}  // namespace

struct ClipLibrary::Impl {
  using Made = std::shared_future<Result<ClipPtr>>;

  // The one making of a clip, whoever asks first.
  Result<ClipPtr> once(const std::string& key, const std::function<Result<ClipPtr>()>& make) {
    std::promise<Result<ClipPtr>> promise;
    std::optional<Made> existing;
    {
      const std::lock_guard lock(mutex);
      const auto [entry, fresh] = clips.try_emplace(key);
      if (fresh)
        entry->second = promise.get_future().share();
      else
        existing = entry->second;
    }
    if (existing) return existing->get();
    auto made = make();
    promise.set_value(made);
    return made;
  }

  Result<ClipPtr> make(const PictureOptions& options) const {
    const auto path = cache.empty() ? cache : cache / cache_name(options);
    if (!path.empty()) {
      if (auto film = read_file(path, kMaxFilm))
        if (auto clip = read_clip(*film, path.string())) return clip;
    }
    std::call_once(said, [] { log::get().info("making the cameras' pictures (kept for the next start)"); });
    auto film = encode_film(options);
    if (!film) return fail(film.error());
    if (!path.empty()) keep(path, *film);
    return read_clip(*film, options.name);
  }

  void keep(const std::filesystem::path& path, const std::string& film) const {
    std::error_code error;
    std::filesystem::create_directories(cache, error);
    const auto written = write_file_atomically(path, film, {.mode = 0644, .sync = false});
    if (!written) log::get().debug("the film is not kept for the next start: {}", written.error().message);
    evict(cache);
  }

  std::filesystem::path cache;
  mutable std::once_flag said;
  std::mutex mutex;
  std::map<std::string, Made> clips;  // guarded by mutex
};

ClipLibrary::ClipLibrary(std::filesystem::path cache) : impl_(std::make_unique<Impl>()) {
  impl_->cache = std::move(cache);
}

ClipLibrary::~ClipLibrary() = default;

std::filesystem::path ClipLibrary::default_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/')
    return std::filesystem::path(cache) / "camctl" / "clips";
  if (const char* home = std::getenv("HOME"); home && *home == '/')
    return std::filesystem::path(home) / ".cache" / "camctl" / "clips";
  return {};
}

Result<ClipPtr> ClipLibrary::picture(const PictureOptions& options) {
  const auto key = cache_name(options) + options.name;
  return impl_->once(key, [&] { return impl_->make(options); });
}

std::vector<Result<ClipPtr>> ClipLibrary::pictures(std::span<const PictureOptions> wanted) {
  std::vector<Result<ClipPtr>> made(wanted.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (auto i = next++; i < wanted.size(); i = next++) made[i] = picture(wanted[i]);
  };
  const auto count = std::min<std::size_t>(std::max(1u, std::thread::hardware_concurrency()), wanted.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work);
    work();
  }
  return made;
}

Result<ClipPtr> ClipLibrary::file(const std::filesystem::path& path) {
  return impl_->once("file:" + path.string(), [&] { return read_clip(path); });
}

ClipSummary summary(const Clip& clip) { return clip.summary; }
std::string_view snapshot_jpeg(const Clip& clip) { return clip.jpeg; }

}  // namespace camctl::simulate
