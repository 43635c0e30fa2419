#include "libhls/ffmpeg/handoff.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <thread>

#include "tests/libhls/ffmpeg/collector.h"

namespace camctl::hls {
namespace {

media::AccessUnit picture(bool key, std::size_t bytes) {
  media::AccessUnit unit;
  unit.key = key;
  unit.data.resize(bytes);
  return unit;
}

media::StreamInfoPtr video_info() {
  auto info = std::make_shared<media::StreamInfo>();
  info->video.emplace();
  return info;
}

TEST_CASE("handoff: without room, a live source drops up to the next key frame and says so") {
  tests::Collector collector;
  const auto handoff = std::make_shared<Handoff>(collector.loop, collector, Handoff::WhenFull::kDrop);
  handoff->stream(video_info());
  handoff->unit(picture(true, Handoff::kMaxBytes));
  handoff->unit(picture(false, 10));  // no room
  collector.loop.context().poll();
  handoff->unit(picture(false, 10));  // room, but no key frame
  handoff->unit(picture(true, 10));
  handoff->unit(picture(false, 10));
  handoff->end({});
  collector.loop.context().restart();
  collector.loop.context().poll();
  REQUIRE(collector.units.size() == 3);
  CHECK_FALSE(collector.units[0].gap_before);
  CHECK(collector.units[1].gap_before);
  CHECK(collector.units[1].key);
  CHECK_FALSE(collector.units[2].gap_before);
  CHECK(handoff->dropped() == 2);
  CHECK(collector.end);
}

TEST_CASE("handoff: a file waits for room, and loses nothing") {
  tests::Collector collector;
  const auto handoff = std::make_shared<Handoff>(collector.loop, collector, Handoff::WhenFull::kWait);
  std::thread producer([handoff] {
    handoff->stream(video_info());
    for (int i = 0; i < 50; ++i) handoff->unit(picture(i == 0, Handoff::kMaxBytes / 8));
    handoff->end({});
  });
  collector.loop.run();
  producer.join();
  CHECK(collector.units.size() == 50);
  CHECK(handoff->dropped() == 0);
}

TEST_CASE("handoff: closing frees a producer that waits, and nothing comes any more") {
  tests::Collector collector;
  const auto handoff = std::make_shared<Handoff>(collector.loop, collector, Handoff::WhenFull::kWait);
  std::thread producer([handoff] {
    for (int i = 0; i < 50; ++i) handoff->unit(picture(true, Handoff::kMaxBytes / 2));
  });
  handoff->close();
  producer.join();
  collector.loop.context().poll();
  CHECK(collector.units.empty());
  CHECK_FALSE(handoff->open());
}

}  // namespace
}  // namespace camctl::hls
