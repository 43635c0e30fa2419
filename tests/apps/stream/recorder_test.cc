#include "apps/stream/recorder.h"

#include <doctest/doctest.h>

namespace camctl::apps {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kRate = 90'000;
constexpr media::Ticks kFrame = kRate / 25;

media::StreamInfoPtr info() {
  auto info = std::make_shared<media::StreamInfo>();
  info->video.emplace().clock_rate = kRate;
  info->audio.emplace().clock_rate = 8000;
  return info;
}

hls::LiveUnit unit(media::TrackKind track, media::Ticks dts, media::Ticks duration) {
  auto unit = std::make_shared<media::AccessUnit>();
  unit->track = track;
  unit->dts = unit->pts = dts;
  unit->duration = duration;
  return {unit, info(), 0};
}

TEST_CASE("recorder: how much has come is counted along the video, without outages") {
  Received received;
  const auto second = [&](media::Ticks from) {
    for (int i = 0; i < 25; ++i) received.add(unit(media::TrackKind::kVideo, from + i * kFrame, kFrame));
  };
  second(70 * kRate);  // the axis is that of the stream, which began long before
  CHECK(received.total() == 1s);
  received.add(unit(media::TrackKind::kAudio, 8000, 8000));
  CHECK(received.total() == 1s);
  second(71 * kRate);
  CHECK(received.total() == 2s);
  second(200 * kRate);  // an outage
  CHECK(received.total() == 3s);
  second(202 * kRate);  // a hole that a segment holds
  CHECK(received.total() == 5s);
}

}  // namespace
}  // namespace camctl::apps
