#include "libhls/spool.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "libhls/package_cache.h"
#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Folder {
  Folder() {
    auto pattern = (fs::temp_directory_path() / "camctl-spool-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

media::AudioInfo pcma_info() {
  media::AudioInfo audio;
  audio.codec = media::Codec::kPcma;
  audio.clock_rate = audio.sample_rate = 8'000;
  audio.channels = 1;
  return audio;
}

media::Bytes bytes_of(const Result<BodyPtr>& body) {
  REQUIRE(body);
  media::Bytes all;
  for (const auto piece : (*body)->pieces) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

// 25 pictures of 2 KB a second, maybe with G.711 beside them, in segments of 2 s; of these 6 s stay in
// memory.
class Recorder {
 public:
  explicit Recorder(SpoolDisk& disk, std::chrono::milliseconds dvr = 60s,
                    std::optional<media::AudioInfo> audio = std::nullopt)
      : sounds_(audio.has_value()) {
    WindowOptions options;
    options.part_duration = 200ms;
    options.longest_gop = 2s;
    options.segments = 3;
    options.dvr = dvr;
    options.spool = disk.open(2 * dvr);
    options.memory_bytes = 1;
    window = std::make_unique<Window>(options);
    cache = std::make_unique<PackageCache>(*window, PackageOptions{});
    window->set_info(make_info(h264_info(), std::move(audio)));
  }

  // Each segment is given the time to get to the disk, where `written`.
  void run(int segments, bool written = true) {
    for (int i = 0; i < segments; ++i) {
      push_segment();
      if (written) wait_until([&] { return all_written(); });
    }
  }

  bool all_written() const {
    const auto state = window->state();
    return state->segments.empty() || state->segments.back()->spooled->written();
  }

  static void wait_until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(1ms);
    }
  }

  // The next key frame ends a segment.
  void push_segment() {
    for (int end = frame_ + 50; frame_ < end; ++frame_) {
      tell(window->push(video_unit(frame_ * kFrame, frame_ % 50 == 0, 2'000), Break::kNone));
      for (int k = 0; sounds_ && k < 2; ++k) {
        auto sound = audio_unit((frame_ * 2 + k) * 160, 160);
        sound.duration = 160;
        for (std::size_t i = 0; i < sound.data.size(); ++i)
          sound.data[i] = static_cast<std::uint8_t>((i * 37 + static_cast<std::size_t>(frame_) * 11) & 0xff);
        tell(window->push(std::move(sound), Break::kNone));
      }
    }
  }

  bool on_disk(std::uint64_t number) const {
    const auto segment = window->find(number);
    return segment && segment->on_disk;
  }

  // Everything that is listed can be had, in both formats.
  void check_listed() const {
    const auto state = window->state();
    for (const auto* listed : {&state->segments, &state->classic}) {
      CHECK(listed->duration() >= 6s);
      for (const auto& segment : *listed) {
        CHECK(cache->get(segment->number, Container::kTs));
        CHECK(cache->get(segment->number, Container::kFmp4));
        CHECK(cache->init(segment->init_version));
      }
    }
  }

  std::unique_ptr<Window> window;
  std::unique_ptr<PackageCache> cache;

 private:
  void tell(const Listed& news) {
    if (news) cache->listed(*window->state());
  }
  const bool sounds_;
  int frame_ = 0;
};

SpoolOptions in(const Folder& folder) { return {folder.path / "dvr", 0, 10ms}; }

TEST_CASE("spool: what was on disk is the same, byte for byte, in all formats") {
  const Folder folder;
  SpoolDisk disk(in(folder));
  Recorder recorder(disk, 60s, pcma_info());
  std::map<std::uint64_t, std::array<media::Bytes, 3>> before;
  const auto packaged = [&](std::uint64_t number) {
    return std::array{bytes_of(recorder.cache->get(number, Container::kTs)),
                      bytes_of(recorder.cache->get(number, Container::kFmp4)),
                      bytes_of(recorder.cache->part(number, 3))};
  };
  recorder.run(2);
  for (std::uint64_t number = 0; number < 3; ++number) {
    recorder.run(1);
    before[number] = packaged(number);
  }
  recorder.run(5);
  for (const auto& [number, bytes] : before) {
    CAPTURE(number);
    REQUIRE(recorder.on_disk(number));
    CHECK(packaged(number) == bytes);
    const auto segment = recorder.window->find(number);
    CHECK(segment->units.empty());
    CHECK(segment->parts.empty());
  }
  const auto beyond = recorder.cache->part(3, 100);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code == ErrorCode::kNotFound);
  CHECK(recorder.window->counters().on_disk >= 5);
  CHECK(recorder.window->state()->segments.size() == 9);
  CHECK(recorder.window->counters().bytes < 5 * 50 * 2'700);

  struct stat status{};
  REQUIRE(stat((folder.path / "dvr").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(fs::is_empty(folder.path / "dvr"));  // nothing to clean up after a crash
}

TEST_CASE("spool: tracks that changed can still be had") {
  const Folder folder;
  SpoolDisk disk(in(folder));
  Recorder recorder(disk);
  recorder.run(5);
  const auto first = recorder.window->state()->segments.front()->init_version;
  const auto init = bytes_of(recorder.cache->init(first));
  auto other = h264_info();
  other.width = 640;
  recorder.window->set_info(make_info(other, std::nullopt));
  recorder.run(12);
  REQUIRE(recorder.on_disk(recorder.window->state()->segments.front()->number));
  CHECK(recorder.window->state()->segments.back()->init_version == first + 1);
  CHECK(bytes_of(recorder.cache->init(first)) == init);
  recorder.check_listed();
}

TEST_CASE("spool: old segments leave the playlist, then the disk") {
  const Folder folder;
  SpoolDisk disk(in(folder));
  Recorder recorder(disk, 20s);
  recorder.run(14);
  CHECK(recorder.window->state()->segments.duration() <= 22s);
  // RFC 8216 §6.2.2: for as long as the playlist is.
  CHECK_FALSE(recorder.window->state()->segments.find(0));
  CHECK(recorder.cache->get(0, Container::kFmp4));
  recorder.run(12);
  const auto gone = recorder.cache->get(0, Container::kFmp4);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == ErrorCode::kNotFound);
  recorder.run(30);
  constexpr std::uint64_t kPerSecond = 25 * 2'000;
  CHECK(disk.bytes() > 40 * kPerSecond);
  CHECK(disk.bytes() < 60 * kPerSecond);
  recorder.window->interrupt(kOrigin);
  recorder.window->clear();
  recorder.cache->clear();
  Recorder::wait_until([&] { return disk.bytes() == 0; });
}

TEST_CASE("spool: bytes on disk are bounded, and the window is as long as they allow") {
  const Folder folder;
  auto options = in(folder);
  options.max_bytes = 1u << 20;  // 18 s
  options.retry = 2ms;
  SpoolDisk disk(options);
  Recorder recorder(disk, 30s);
  recorder.run(3);
  for (int i = 0; i < 40; ++i) {
    recorder.run(1, false);
    CHECK(disk.bytes() <= options.max_bytes);
    std::this_thread::sleep_for(5ms);  // a segment lasts longer
  }
  CHECK(recorder.window->counters().evicted_early > 0);
  CHECK(recorder.window->state()->segments.duration() >= 10s);
  recorder.check_listed();
}

TEST_CASE("spool: a disk that can't be written leaves what memory holds, until it can be again") {
  const Folder folder;
  {
    std::ofstream(folder.path / "dvr") << "a file where the folder should be";
  }
  SpoolDisk disk(in(folder));
  Recorder recorder(disk);
  recorder.run(10, false);
  Recorder::wait_until([&] { return disk.failing(); });
  CHECK(recorder.window->state()->segments.duration() >= 6s);
  CHECK(recorder.window->state()->segments.duration() <= 8s);
  CHECK(recorder.window->counters().on_disk == 0);
  recorder.check_listed();

  fs::remove(folder.path / "dvr");
  recorder.run(10);
  CHECK_FALSE(disk.failing());
  CHECK(recorder.window->state()->segments.duration() >= 20s);
  recorder.check_listed();
}

// Each file of the folder that this process has open, nameless as it is, is cut to nothing.
int truncate_files(const fs::path& folder) {
  int cut = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = fs::read_symlink(entry.path(), error);
    if (error || !target.string().starts_with(folder.string() + "/")) continue;
    if (::ftruncate(std::stoi(entry.path().filename()), 0) == 0) ++cut;
  }
  return cut;
}

TEST_CASE("spool: what can't be read again leaves the playlist, with all that is older") {
  const Folder folder;
  SpoolDisk disk(in(folder));
  Recorder recorder(disk);
  recorder.run(15);
  const auto oldest = recorder.window->state()->segments.front()->number;
  REQUIRE(recorder.on_disk(oldest));
  REQUIRE(truncate_files(folder.path / "dvr") > 0);
  const auto unreadable = recorder.cache->get(oldest, Container::kTs);
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().code == ErrorCode::kIo);
  recorder.run(1);
  CHECK(recorder.window->state()->segments.front()->number > oldest);
  // The others are found out as they are asked for.
  for (int i = 0; i < 10 && recorder.window->counters().on_disk > 0; ++i) {
    for (const auto& segment : recorder.window->state()->segments)
      (void)recorder.cache->get(segment->number, Container::kTs);
    recorder.run(1);
  }
  recorder.check_listed();
}

TEST_CASE("spool: a file that can't grow is followed by another") {
  const Folder folder;
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{256u << 10, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  SpoolDisk disk(in(folder));
  Recorder recorder(disk);
  recorder.run(20);
  CHECK(recorder.window->state()->segments.size() == 19);
  CHECK(recorder.window->counters().evicted_early == 0);
  recorder.check_listed();
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
}

TEST_CASE("spool: nothing is written that nobody holds any more") {
  const Folder folder;
  {
    std::ofstream(folder.path / "dvr") << "not yet";
  }
  SpoolDisk disk(in(folder));
  {
    Recorder recorder(disk);
    recorder.run(4, false);
    Recorder::wait_until([&] { return disk.failing(); });
  }
  fs::remove(folder.path / "dvr");
  Recorder other(disk);
  other.run(3);
  CHECK(disk.bytes() < 3 * 130'000);
  CHECK(disk.stop(5s));
}

}  // namespace
}  // namespace camctl::hls
