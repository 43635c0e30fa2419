#include "libhls/placed_times.h"

#include <doctest/doctest.h>

namespace camctl::hls {
namespace {

constexpr media::Ticks kFrame = 3600, kSecond = 90'000;

media::AccessUnit unit(media::Ticks dts, media::Ticks duration = kFrame,
                       media::TrackKind track = media::TrackKind::kVideo) {
  media::AccessUnit result;
  result.track = track;
  result.pts = result.dts = dts;
  result.duration = duration;
  return result;
}

PlacedTimes both_tracks() {
  media::StreamInfo info;
  info.video.emplace();
  info.audio.emplace();
  info.audio->clock_rate = 16'000;
  PlacedTimes times;
  times.set_info(info);
  return times;
}

TEST_CASE("times stay as they are, and nothing goes back") {
  auto times = both_tracks();
  auto first = unit(5 * kSecond), second = unit(5 * kSecond + kFrame), late = unit(5 * kSecond);
  CHECK(times.apply(first) == Break::kNone);
  CHECK(first.dts == 5 * kSecond);
  CHECK(times.apply(second) == Break::kNone);
  CHECK(times.apply(late) == std::nullopt);
  auto sound = unit(5 * 16'000, 1024, media::TrackKind::kAudio);
  CHECK(times.apply(sound) == Break::kNone);
}

TEST_CASE("a session's first unit and pictures behind a hole are hard breaks") {
  auto times = both_tracks();
  auto a = unit(0), b = unit(4 * kSecond), c = unit(4 * kSecond + kFrame), d = unit(6 * kSecond);
  CHECK(times.apply(a) == Break::kNone);
  CHECK(times.apply(b) == Break::kHard);
  times.reconnect();
  CHECK(times.apply(c) == Break::kHard);
  CHECK(times.apply(d) == Break::kNone);
  // Sound that pauses tears no picture.
  auto sound = unit(0, 1024, media::TrackKind::kAudio),
       later = unit(10 * 16'000, 1024, media::TrackKind::kAudio);
  CHECK(times.apply(sound) == Break::kNone);
  CHECK(times.apply(later) == Break::kNone);
}

TEST_CASE("a unit that does not say how long it lasts, lasts as long as it is behind the one before") {
  auto times = both_tracks();
  auto a = unit(0, 0), b = unit(7200, 0);
  CHECK(times.apply(a));
  CHECK(a.duration == kFrame);
  CHECK(times.apply(b));
  CHECK(b.duration == 7200);
}

}  // namespace
}  // namespace camctl::hls
