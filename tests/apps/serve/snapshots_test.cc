#include "apps/serve/snapshots.h"

#include <doctest/doctest.h>

#include <future>

#include "libhls/ffmpeg_source.h"
#include "tests/libhls/ffmpeg/media_file.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// A camera whose film has been received.
struct Filmed {
  Filmed() {
    loop.start("test");
    hls::FfmpegSourceOptions options;
    options.url =
        hls::file_url(folder.make("film.mp4", tests::picture(1) + " -c:v libx264 -preset ultrafast -g 10"));
    options.allow_files = true;
    Camera entry;
    entry.id = "stream_0";
    camera = std::make_shared<ServedCamera>(loop, std::vector<EventLoop*>{&loop}, entry, Recipe{},
                                            [options] { return hls::make_ffmpeg_source(options); });
  }
  ~Filmed() {
    camera.reset();
    std::promise<void> passed;
    loop.post([&] { passed.set_value(); });  // behind the stream's end
    passed.get_future().wait();
    loop.stop();
    loop.join();
  }

  void receive() {
    camera->start();
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!camera->stream().window().ended && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(1ms);
    REQUIRE(camera->stream().window().ended);
  }

  Result<Snapshot> get(Snapshots& snapshots, unsigned width) {
    std::promise<Result<Snapshot>> promise;
    snapshots.get(camera, width, [&](const Result<Snapshot>& result) { promise.set_value(result); });
    return promise.get_future().get();
  }

  tests::MediaFolder folder;
  EventLoop loop;
  ServedCameraPtr camera;
};

TEST_CASE("snapshots: decoded once for all who ask and all sizes") {
  Filmed filmed;
  Snapshots snapshots;
  CHECK(filmed.get(snapshots, 0).error().code == ErrorCode::kNotFound);
  filmed.receive();

  const auto first = filmed.get(snapshots, 0);
  REQUIRE(first);
  CHECK(first->jpeg->size > 200);
  const auto again = filmed.get(snapshots, 0);
  REQUIRE(again);
  CHECK(again->jpeg == first->jpeg);
  CHECK(again->etag == first->etag);
  const auto small = filmed.get(snapshots, 40);
  REQUIRE(small);
  CHECK(small->etag != first->etag);
  CHECK(small->jpeg->size < first->jpeg->size);
  CHECK(snapshots.decoded() == 1);
}

TEST_CASE("snapshots: many who ask at once share one decoding; sizes are bounded") {
  Filmed filmed;
  filmed.receive();
  Snapshots snapshots;
  std::atomic<int> answered{0}, refused{0};
  std::promise<void> all;
  constexpr int kAsking = 100;
  for (int i = 0; i < kAsking; ++i) {
    snapshots.get(filmed.camera, 16 + static_cast<unsigned>(i % 20), [&](const Result<Snapshot>& result) {
      if (!result && result.error().code == ErrorCode::kLimit) ++refused;
      if (++answered == kAsking) all.set_value();
    });
  }
  REQUIRE(all.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(snapshots.decoded() == 1);
  CHECK(refused >= kAsking * (20 - static_cast<int>(Snapshots::kMaxSizes)) / 20);
  CHECK(refused < kAsking);
}

}  // namespace
}  // namespace camctl::apps::serve
