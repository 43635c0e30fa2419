#include "libhls/timeline.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "tests/base/media/hex.h"

namespace camctl::hls {
namespace {

using media::AccessUnit;
using media::kNoTime;
using media::Ticks;
using media::TrackKind;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr Ticks kFrame = 3'600;  // 25 fps at 90 kHz
constexpr Ticks kSecond = 90'000;

media::StreamInfo video_and_aac() {
  media::StreamInfo info;
  info.video.emplace();
  info.video->codec = media::Codec::kH264;
  info.video->frame_rate = {25, 1};
  info.audio.emplace();
  info.audio->codec = media::Codec::kAac;
  info.audio->clock_rate = info.audio->sample_rate = 48'000;
  info.audio->channels = 2;
  info.audio->config = media::from_hex("1190");
  return info;
}

// Feeds one timeline; arrival times are milliseconds since the stream began.
class Feeder {
 public:
  explicit Feeder(const media::StreamInfo& info = video_and_aac()) { timeline.set_info(info); }

  AccessUnit video(Ticks pts, std::int64_t arrival_ms, Ticks dts = kNoTime) {
    return apply(TrackKind::kVideo, pts, dts, arrival_ms);
  }
  AccessUnit audio(Ticks pts, std::int64_t arrival_ms) {
    return apply(TrackKind::kAudio, pts, pts, arrival_ms);
  }

  AccessUnit apply(TrackKind kind, Ticks pts, Ticks dts, std::int64_t arrival_ms) {
    AccessUnit unit;
    unit.track = kind;
    unit.pts = pts;
    unit.dts = dts;
    unit.arrival = origin + milliseconds(arrival_ms);
    last_break = timeline.apply(unit);
    return unit;
  }

  const steady_clock::time_point origin = steady_clock::time_point(std::chrono::hours(1000));
  Timeline timeline{origin};
  Break last_break = Break::kNone;
};

TEST_CASE("ticks and media time") {
  CHECK(to_media_time(48'000, 48'000) == MediaTime(90'000));
  CHECK(to_media_time(-1, 48'000) == MediaTime(-2));
  CHECK(to_ticks(MediaTime(90'000), 8'000) == 8'000);
  CHECK(to_ticks(MediaTime(-45'000), 8'000) == -4'000);
  CHECK(to_ticks(to_media_time(Ticks{1} << 56, 90'000), 90'000) == Ticks{1} << 56);
  CHECK(to_media_time(std::numeric_limits<Ticks>::max(), 1).count() > 0);
}

TEST_CASE("the first unit lies at the server's elapsed time, whatever the camera says") {
  for (const Ticks camera : {Ticks{0}, Ticks{123'456'789}, Ticks{-5'000}, Ticks{1} << 33, Ticks{1} << 55}) {
    Feeder feed;
    const auto first = feed.video(camera, 700);
    CHECK(first.dts == 63'000);
    CHECK(first.pts == 63'000);
    CHECK(first.duration == kFrame);
    CHECK(feed.last_break == Break::kNone);
    CHECK(feed.video(camera + kFrame, 740).dts == 63'000 + kFrame);
  }
}

TEST_CASE("jitter of arrival does not show, jitter of the camera's clock does") {
  Feeder feed;
  feed.video(1'000'000, 100);
  CHECK(feed.video(1'003'600, 190).dts == 9'000 + 3'600);
  CHECK(feed.video(1'007'300, 191).dts == 9'000 + 7'300);
  CHECK(feed.video(1'010'700, 192).dts == 9'000 + 10'700);
  CHECK(feed.timeline.counters().repaired == 0);
}

TEST_CASE("tracks with one clock keep one epoch") {
  Feeder feed;
  const auto video = feed.video(900'000, 500);  // 10 s by the camera
  const auto audio = feed.audio(481'920, 530);  // 10.04 s by the camera
  CHECK(video.dts == 45'000);
  CHECK(audio.dts == 24'000 + 1'920);
  CHECK(feed.audio(481'920 + 1'024, 540).dts == 24'000 + 1'920 + 1'024);
  CHECK(audio.duration == 1'024);
}

TEST_CASE("tracks with clocks of their own are each anchored by their arrival") {
  Feeder feed;
  CHECK(feed.video(3'000'000'000, 500).dts == 45'000);
  CHECK(feed.audio(17, 520).dts == 24'960);
  CHECK(feed.video(3'000'000'000 + kFrame, 540).dts == 45'000 + kFrame);
  CHECK(feed.audio(17 + 1'024, 541).dts == 24'960 + 1'024);
  CHECK(feed.timeline.counters().jumps == 0);
}

TEST_CASE("counters that wrap at 32 or 33 bits go on") {
  for (const Ticks wrap : {Ticks{1} << 32, Ticks{1} << 33}) {
    CAPTURE(wrap);
    Feeder feed;
    feed.video(wrap - 2 * kFrame, 0);
    for (int i = 1; i < 10; ++i) {
      CHECK(feed.video((wrap + (i - 2) * kFrame) % wrap, 40 * i).dts == i * kFrame);
      CHECK(feed.last_break == Break::kNone);
    }
  }
}

TEST_CASE("a wrap among reordered pictures goes there and back") {
  Feeder feed;
  const Ticks wrap = Ticks{1} << 32;
  feed.video(wrap - 2 * kFrame, 0, wrap - 4 * kFrame);
  CHECK(feed.video(kFrame, 40, wrap - 3 * kFrame).pts == 5 * kFrame);
  CHECK(feed.last_break == Break::kNone);
}

TEST_CASE("repeated and slightly backward times are repaired in place") {
  struct Case {
    const char* what;
    Ticks second;
  };
  for (const auto& c : {Case{"repeated", 1'000'000}, Case{"a frame back", 1'000'000 - kFrame}}) {
    CAPTURE(c.what);
    auto info = video_and_aac();
    Feeder feed(info);
    feed.audio(1'000'000, 0);
    const auto second = feed.audio(c.second, 20);
    CHECK(second.dts > 0);
    CHECK(second.dts < 1'024);
    CHECK(feed.last_break == Break::kNone);
    CHECK(feed.timeline.counters().repaired == 1);
    CHECK(feed.audio(1'001'024, 40).dts == 1'024);
  }
}

TEST_CASE("a clock that stands still is replaced by arrival") {
  Feeder feed;
  for (int i = 0; i < 100; ++i) feed.video(5'000, 40 * i);
  const auto unit = feed.video(5'000, 4'000);
  CHECK(unit.dts > 3 * kSecond);
  CHECK(unit.dts < 5 * kSecond);
}

TEST_CASE("missing times go by arrival, and known ones come back to the camera's clock") {
  Feeder feed;
  feed.video(900'000, 1'000);
  CHECK(feed.video(kNoTime, 1'040).dts == kSecond + kFrame);
  CHECK(feed.video(900'000 + 2 * kFrame, 1'080).dts == kSecond + 2 * kFrame);
  Feeder none;
  CHECK(none.video(kNoTime, 1'000).dts == kSecond);
  CHECK(none.video(kNoTime, 1'040).dts == kSecond + kFrame);
  CHECK(none.video(77, 1'080).dts == kSecond + 2 * kFrame);
  CHECK(none.video(77 + kFrame, 1'120).dts == kSecond + 3 * kFrame);
}

TEST_CASE("a jump of the camera's clock is smoothed, for both tracks, and told once each") {
  for (const Ticks jump : {3'600 * kSecond, -3'600 * kSecond, 5 * kSecond, -2 * kSecond}) {
    CAPTURE(jump);
    Feeder feed;
    feed.video(100'000'000, 1'000);
    feed.audio(53'333'333, 1'000);
    feed.video(100'000'000 + kFrame, 1'040);
    const auto video = feed.video(100'000'000 + 2 * kFrame + jump, 1'080);
    CHECK(feed.last_break == Break::kSoft);
    CHECK(video.dts == kSecond + 2 * kFrame);
    // The audio follows by the same epoch.
    const auto audio = feed.audio(53'333'333 + 3'840 + jump * 48 / 90, 1'080);
    CHECK(std::abs(audio.dts - (48'000 + 3'840)) <= 2);
    CHECK(feed.video(100'000'000 + 3 * kFrame + jump, 1'120).dts == kSecond + 3 * kFrame);
    CHECK(feed.last_break == Break::kNone);
  }
}

TEST_CASE("a long silence is a hole that the axis keeps") {
  Feeder feed;
  feed.video(1'000'000, 1'000);
  feed.video(1'000'000 + kFrame, 1'040);
  const auto unit = feed.video(1'000'000 + 10 * kSecond, 11'000);
  CHECK(feed.last_break == Break::kHard);
  CHECK(unit.dts == 11 * kSecond);
  CHECK(feed.timeline.counters().holes == 1);
}

TEST_CASE("a slow camera is not full of holes") {
  Feeder feed;
  feed.video(0, 0);
  feed.video(5 * kSecond, 5'000);  // a frame each 5 s: only the first interval is a surprise
  for (int i = 2; i < 6; ++i) {
    CHECK(feed.video(5 * i * kSecond, 5'000 * i).dts == 5 * i * kSecond);
    CHECK(feed.last_break == Break::kNone);
  }
}

TEST_CASE("what lies between two units of which some were lost is no interval") {
  Feeder feed;
  Ticks time = 0;
  for (int i = 0; i < 30; ++i, time += kFrame) feed.video(time, time / 90);
  time += 20 * kFrame;
  AccessUnit unit;
  unit.pts = unit.dts = time;
  unit.gap_before = true;
  unit.arrival = feed.origin + milliseconds(time / 90);
  CHECK(feed.timeline.apply(unit) == Break::kNone);
  CHECK(unit.duration == kFrame);
}

TEST_CASE("a reconnect goes on by the server's clock and never goes back") {
  struct Case {
    const char* what;
    std::int64_t arrival_ms;
    Ticks least;
  };
  for (const auto& c : {Case{"after an outage", 9'000, 9 * kSecond},
                        Case{"at once, the axis being ahead", 1'500, 3 * kSecond + kFrame}}) {
    CAPTURE(c.what);
    Feeder feed;
    // A burst of 2 s at the start: the axis runs ahead of the server's clock.
    for (int i = 0; i <= 50; ++i) feed.video(i * kFrame, 1'000);
    feed.timeline.reconnect();
    const auto first = feed.video(777'777, c.arrival_ms);
    CHECK(feed.last_break == Break::kHard);
    CHECK(first.dts == c.least);
    const auto audio = feed.audio(414'815 + 1'024, c.arrival_ms);  // 777,777 ticks of video and a frame
    CHECK(feed.last_break == Break::kNone);
    CHECK(std::abs(audio.dts - (c.least * 48 / 90 + 1'024)) <= 2);
  }
}

TEST_CASE("a reconnect before anything came is no break") {
  Feeder feed;
  feed.timeline.reconnect();
  feed.video(5, 2'000);
  CHECK(feed.last_break == Break::kNone);
}

TEST_CASE("a track that comes back with another clock rate keeps its place") {
  Feeder feed;
  feed.audio(0, 0);
  feed.audio(48'000 * 2, 2'000);
  feed.timeline.reconnect();
  auto info = video_and_aac();
  info.audio->codec = media::Codec::kPcma;
  info.audio->clock_rate = 8'000;
  feed.timeline.set_info(info);
  CHECK(feed.audio(123, 3'000).dts == 3 * 8'000);
  CHECK(feed.audio(123 + 160, 3'020).dts == 3 * 8'000 + 160);
}

// A group of pictures as an encoder with two B pictures sends it: display order of each in decoding order.
constexpr int kOrder[] = {0, 3, 1, 2, 6, 4, 5, 9, 7, 8};

TEST_CASE("decoding times of the source are kept with B pictures") {
  Feeder feed;
  int i = 0;
  for (const int shown : kOrder) {
    const auto unit = feed.video(1'000'000 + (shown + 1) * kFrame, 1'000 + 40 * i, 1'000'000 + i * kFrame);
    CHECK(unit.dts == kSecond + i * kFrame);
    CHECK(unit.pts == kSecond + (shown + 1) * kFrame);
    CHECK(feed.last_break == Break::kNone);
    ++i;
  }
}

TEST_CASE("decoding times come from the declared depth of reordering") {
  auto info = video_and_aac();
  // A set whose VUI says that two pictures may be reordered.
  info.video->sps = media::from_hex("67640028acd940780227e5c044000003000400000300c83c60c658");
  Feeder feed(info);
  Ticks last = -1;
  int i = 0;
  for (const int shown : kOrder) {
    const auto unit = feed.video(1'000'000 + shown * kFrame, 1'000 + 40 * i++);
    CHECK(unit.dts > last);
    CHECK(unit.pts >= unit.dts);
    CHECK(unit.pts == kSecond + (shown + 2) * kFrame);
    CHECK(feed.last_break == Break::kNone);
    last = unit.dts;
  }
  CHECK(feed.timeline.counters().repaired == 0);
}

TEST_CASE("a depth that nobody declared is learned, and the tracks stay together") {
  Feeder feed;
  Ticks last = -1;
  int breaks = 0;
  Ticks shift = 0;
  for (int gop = 0; gop < 3; ++gop) {
    for (int i = 0; i < 10; ++i) {
      const auto shown = 10 * gop + kOrder[i];
      const auto ms = 1'000 + 40 * (10 * gop + i);
      const auto unit = feed.video(1'000'000 + shown * kFrame, ms);
      breaks += feed.last_break != Break::kNone ? 1 : 0;
      CHECK(unit.dts > last);
      CHECK(unit.pts >= unit.dts);
      last = unit.dts;
      shift = unit.pts - kSecond - shown * kFrame;
      const auto audio = feed.audio(533'333 + 1'920 * (10 * gop + i), ms);
      if (gop > 0) {
        const auto apart =
            to_media_time(audio.pts, 48'000) - to_media_time(48'000 + 1'920 * (10 * gop + i), 48'000);
        CHECK(std::abs(apart.count() - shift) <= 4);
      }
    }
  }
  CHECK(breaks == 1);
}

TEST_CASE("a baseline stream whose clock steps back is not taken for B pictures") {
  auto info = video_and_aac();
  info.video->sps = media::from_hex("6742c01ed900a02ff9701100000303e90000ea600f162e48");
  Feeder feed(info);
  feed.video(100'000, 0);
  feed.video(100'000 + kFrame, 40);
  feed.video(100'000 + kFrame / 2, 80);
  CHECK(feed.last_break == Break::kNone);
  const auto unit = feed.video(100'000 + 3 * kFrame, 120);
  CHECK(unit.dts == unit.pts);
  CHECK(unit.dts == 3 * kFrame);
}

TEST_CASE("whatever comes, pts >= dts >= 0 and each track's dts grows") {
  std::minstd_rand random(4711);
  const auto pick = [&](std::int64_t range) { return static_cast<std::int64_t>(random()) % range; };
  for (int round = 0; round < 200; ++round) {
    Feeder feed;
    Ticks last[3] = {-1, -1, -1};
    std::int64_t ms = 0;
    Ticks camera = pick(1'000'000);
    for (int i = 0; i < 300; ++i) {
      ms += pick(10) == 0 ? pick(8'000) - 1'000 : pick(80);
      camera += pick(20) == 0 ? (static_cast<Ticks>(random()) << pick(32)) * (pick(2) == 0 ? 1 : -1)
                              : pick(8'000) - 500;
      const auto kind = static_cast<TrackKind>(pick(3));
      if (pick(50) == 0) feed.timeline.reconnect();
      const Ticks pts = pick(15) == 0 ? kNoTime : camera;
      const Ticks dts = pick(3) == 0 ? camera - pick(20'000) : pick(2) == 0 ? kNoTime : camera;
      const auto unit = feed.apply(kind, pts, dts, ms);
      auto& before = last[static_cast<int>(kind)];
      REQUIRE(unit.dts > before);
      REQUIRE(unit.pts >= unit.dts);
      REQUIRE(unit.duration > 0);
      before = unit.dts;
    }
    // Nor does the axis run away: bounded by what has passed, holes included.
    CHECK(to_media_time(last[0], 90'000) < MediaTime(3'600 * kSecond));
  }
}

}  // namespace
}  // namespace camctl::hls
