#include "libhls/package_cache.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

// The bytes behind `mdat`.
media::Bytes media_of(const Result<BodyPtr>& body) {
  REQUIRE(body);
  media::Bytes all;
  for (const auto piece : (*body)->pieces) all.insert(all.end(), piece.begin(), piece.end());
  constexpr std::string_view kName = "mdat";
  const auto at = std::search(all.begin(), all.end(), kName.begin(), kName.end());
  REQUIRE(at != all.end());
  return {at + 4, all.end()};
}

// 25 pictures a second with G.711 beside them; both caches hear of everything.
struct Bench {
  Bench() {
    WindowOptions options;
    options.part_duration = 200ms;
    window = std::make_unique<Window>(options);
    for (auto& cache : caches) cache = std::make_unique<PackageCache>(*window, PackageOptions{});
    media::AudioInfo audio;
    audio.codec = media::Codec::kPcma;
    audio.clock_rate = audio.sample_rate = 8'000;
    audio.channels = 1;
    window->set_info(make_info(h264_info(), audio));
  }

  void run(int seconds) {
    for (int end = frame + seconds * 25; frame < end; ++frame) {
      tell(window->push(video_unit(frame * kFrame, frame % 50 == 0), Break::kNone));
      for (int k = 0; k < 2; ++k) {
        auto sound = audio_unit((frame * 2 + k) * 160, 160);
        sound.duration = 160;
        for (std::size_t i = 0; i < sound.data.size(); ++i)
          sound.data[i] = static_cast<std::uint8_t>((i * 37 + static_cast<std::size_t>(frame) * 11) & 0xff);
        tell(window->push(std::move(sound), Break::kNone));
      }
    }
  }

  void tell(const Listed& news) {
    if (!news) return;
    for (auto& cache : caches) cache->listed(*window->state());
  }

  std::unique_ptr<Window> window;
  std::array<std::unique_ptr<PackageCache>, 2> caches;
  int frame = 0;
};

TEST_CASE(
    "package cache: encoded sound is the same whoever asks first, and a segment holds what its parts do") {
  Bench bench;
  const auto& [one, other] = bench.caches;
  bench.run(5);
  // One is asked while the segment is being built, in order; the other when it is complete, and backwards.
  const auto early = media_of(one->part(2, 3));
  bench.run(5);
  const auto state = bench.window->state();
  for (std::uint64_t number = state->segments.size(); number-- > 0;) {
    const auto whole = media_of(other->get(number, Container::kFmp4));
    std::size_t bytes = 0;
    for (std::uint64_t i = 0; i < state->segments[number]->parts.size(); ++i) {
      const auto part = media_of(one->part(number, i));
      CHECK(part == media_of(other->part(number, i)));
      bytes += part.size();
    }
    CHECK(whole.size() == bytes);
    CHECK(whole == media_of(one->get(number, Container::kFmp4)));
    CHECK(one->get(number, Container::kTs));
  }
  CHECK(early == media_of(other->part(2, 3)));
}

TEST_CASE("package cache: parts of old segments are made again with the same bytes") {
  Bench bench;
  const auto& cache = *bench.caches[0];
  bench.run(5);
  const auto first = media_of(cache.part(0, 0));
  bench.run(15);
  CHECK(media_of(cache.part(0, 0)) == first);
  CHECK(cache.part(0, 10).error().code == ErrorCode::kNotFound);
  CHECK(cache.part(500, 0).error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace camctl::hls
