// What packaging and rendering cost: a segment of 2 s of 1080p25 at 2 Mbit/s with AAC, and its playlists.
#include <benchmark/benchmark.h>

#include "libhls/ll_playlist.h"
#include "libhls/packager_fmp4.h"
#include "libhls/packager_ts.h"
#include "libhls/playlist.h"
#include "tests/libhls/feeding.h"

namespace {

using namespace camctl::hls;

WindowOptions with_parts() {
  WindowOptions options;
  options.part_duration = std::chrono::milliseconds(200);
  options.listed_targets = kListedForSkipping;
  return options;
}

// 2 Mbit/s at 25 fps: pictures of 10 KB on average; key frames larger as an encoder makes them.
std::unique_ptr<Window> filled(int segments, WindowOptions options = {}) {
  auto window = std::make_unique<Window>(options);
  window->set_info(make_info(h264_info(), aac_info()));
  for (int i = 0; i <= segments; ++i) {
    for (int frame = 0; frame < 50; ++frame) {
      const auto dts = (i * 50 + frame) * kFrame;
      window->push(video_unit(dts, frame == 0, frame == 0 ? 80'000 : 8'500), Break::kNone);
      window->push(audio_unit(dts * 48 / 90, 170), Break::kNone);
      window->push(audio_unit(dts * 48 / 90 + kAacFrame, 170), Break::kNone);
    }
  }
  return window;
}

template <class Package>
void package(benchmark::State& state, Package run) {
  const auto window = filled(6);
  const auto segment = window->state()->segments.back();
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto body = run(*segment);
    bytes += (*body)->size;
    benchmark::DoNotOptimize(body);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void ts(benchmark::State& state) { package(state, package_ts); }
void fmp4(benchmark::State& state) { package(state, package_fmp4); }

void playlist(benchmark::State& state) {
  const auto window = filled(6);
  const auto shown = window->state();
  for (auto _ : state) benchmark::DoNotOptimize(fmp4_media_playlist(*shown));
}

void ll_playlist(benchmark::State& state) {
  const auto window = filled(20, with_parts());
  const auto shown = window->state();
  LowLatencyView view;
  view.skip = state.range(0) != 0;
  for (auto _ : state) benchmark::DoNotOptimize(ll_media_playlist(*shown, view));
}

void part(benchmark::State& state) {
  const auto window = filled(6, with_parts());
  const auto newest = window->state()->segments.back()->parts.back();
  for (auto _ : state) benchmark::DoNotOptimize(package_part(*newest));
}

// Timeline and window, a second of pictures and sound: what a camera costs that nobody watches, without the
// network.
void ingest(benchmark::State& state, const WindowOptions& options) {
  Timeline timeline(kOrigin);
  const auto info = make_info(h264_info(), aac_info());
  timeline.set_info(*info);
  Window window(options);
  window.set_info(info);
  camctl::media::Ticks dts = 0;
  for (auto _ : state) {
    for (int frame = 0; frame < 25; ++frame, dts += kFrame) {
      auto picture = video_unit(dts, dts / kFrame % 50 == 0, 10'000);
      auto brk = timeline.apply(picture);
      window.push(std::move(picture), brk);
      for (const auto offset : {camctl::media::Ticks{0}, kAacFrame}) {
        auto sound = audio_unit(dts * 48 / 90 + offset, 170);
        brk = timeline.apply(sound);
        window.push(std::move(sound), brk);
      }
    }
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(ts)->Unit(benchmark::kMicrosecond);
BENCHMARK(fmp4)->Unit(benchmark::kMicrosecond);
BENCHMARK(playlist)->Unit(benchmark::kMicrosecond);
BENCHMARK(ll_playlist)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(part)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ingest, without_parts, WindowOptions{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ingest, with_parts, with_parts())->Unit(benchmark::kMicrosecond);

}  // namespace
