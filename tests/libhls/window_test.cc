#include "libhls/window.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;
using media::TrackKind;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// The server's wall clock of these tests: the axis's zero is 1,000,000 s after 1970.
system_clock::time_point test_clock(steady_clock::time_point moment) {
  return system_clock::time_point(1'000'000s) +
         std::chrono::duration_cast<system_clock::duration>(moment - kOrigin);
}

double seconds(MediaTime time) { return std::chrono::duration<double>(time).count(); }

std::vector<double> durations(const Window& window) {
  std::vector<double> out;
  for (const auto& segment : window.state()->segments) out.push_back(seconds(segment->duration));
  return out;
}

// RFC 8216 §4.3.3.1, and what must hold of any window at any time.
void check_rules(const Window& window) {
  const auto state = window.state();
  const Segment* before = nullptr;
  for (const auto& segment : state->segments) {
    CHECK(std::lround(seconds(segment->duration)) <= state->target_duration.count());
    CHECK(segment->duration.count() > 0);
    CHECK_FALSE(segment->units.empty());
    CHECK(segment->info != nullptr);
    CHECK(window.find(segment->number) == segment);
    CHECK(window.find_info(segment->init_version) == segment->info);
    if (before != nullptr) {
      CHECK(segment->number == before->number + 1);
      CHECK(segment->discontinuity_sequence ==
            before->discontinuity_sequence + (segment->discontinuity ? 1 : 0));
      if (!segment->discontinuity) {
        CHECK(segment->init_version == before->init_version);
        CHECK(segment->start == before->start + before->duration);
      }
    }
    before = segment.get();
  }
}

TEST_CASE("cut at the first key frame after the segment duration") {
  struct Case {
    const char* what;
    int gop;
    std::chrono::milliseconds wanted;
    std::vector<double> first;
  };
  for (const auto& c : {
           Case{"GOP of 1 s", 25, 2000ms, {2, 2, 2}},
           Case{"GOP of 2 s", 50, 2000ms, {2, 2, 2}},
           Case{"GOP of 2 s less a frame is near enough", 49, 2000ms, {1.96, 1.96, 1.96}},
           Case{"GOP of 1.2 s", 30, 2000ms, {2.4, 2.4, 2.4}},
           Case{"GOP of 3 s", 75, 2000ms, {3, 3, 3}},
           Case{"GOP of 4 s", 100, 2000ms, {4, 4, 4}},
           Case{"GOP of 4.2 s still rounds to 4", 105, 2000ms, {4.2, 4.2, 4.2}},
           Case{"GOP of 1 s, segments of 1 s", 25, 1000ms, {1, 1, 1}},
           Case{"GOP of 10 s is cut inside, in equal pieces once it is known",
                250,
                2000ms,
                {4.4, 4.4, 1.2, 10.0 / 3, 10.0 / 3, 10.0 / 3}},
       }) {
    CAPTURE(c.what);
    Window window({c.wanted, 100, 4s, 1u << 30}, test_clock);
    window.set_info(make_info(h264_info(), std::nullopt));
    push_video(window, 9'000, 25 * 30, c.gop);
    REQUIRE(window.state()->segments.size() >= 6);
    for (std::size_t i = 0; i < c.first.size(); ++i) {
      CAPTURE(i);
      CHECK(std::abs(seconds(window.find(i)->duration) - c.first[i]) <= 0.06);
    }
    CHECK(window.state()->independent == (c.gop < 125));
    check_rules(window);
  }
}

TEST_CASE("a key frame that would come too late is not waited for") {
  // 2.5 s after the first one comes a key frame, but the wanted 3 s would make it 5 s.
  Window window({3000ms, 6, 4s, 1u << 30}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 25 * 20, 63);
  for (const auto length : durations(window)) CHECK(length == doctest::Approx(2.52).epsilon(0.01));
  CHECK(window.state()->independent);
}

TEST_CASE("the target duration is settled by the options") {
  CHECK(target_duration({}) == 4s);
  CHECK(target_duration({1000ms, 6, 2s, 1}) == 2s);
  CHECK(target_duration({5500ms, 6, 4s, 1}) == 6s);
  CHECK(target_duration({0ms, 6, 0s, 1}) == 1s);
  Window window(WindowOptions{});
  CHECK(window.state()->target_duration == 4s);
}

TEST_CASE("audio alone is cut by time") {
  Window window({}, test_clock);
  window.set_info(make_info(std::nullopt, aac_info()));
  for (int i = 0; i < 1'000; ++i) window.push(audio_unit(i * kAacFrame), Break::kNone);
  for (const auto length : durations(window)) CHECK(length == doctest::Approx(2.0).epsilon(0.02));
  CHECK(window.state()->independent);
  check_rules(window);
}

TEST_CASE("audio goes into the segment in which it arrives, and waits for the first picture") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  CHECK_FALSE(window.push(audio_unit(0), Break::kNone));
  CHECK_FALSE(window.push(video_unit(0, false), Break::kNone));
  CHECK(window.counters().dropped_units == 2);
  push_video(window, kFrame, 101, 50, true);
  REQUIRE(window.state()->segments.size() == 2);
  const auto& segment = *window.state()->segments[0];
  CHECK(segment.units.front()->key);
  CHECK(segment.units.front()->track == media::TrackKind::kVideo);
  CHECK(segment.units.size() > 50 + 90);
  CHECK(segment.video_end == kFrame + 50 * kFrame);
}

TEST_CASE("at least six segments and three target durations are listed; delisted ones stay for a while") {
  Window window({1000ms, 6, 4s, 1u << 30}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 25 * 60 + 1, 25);
  const auto state = window.state();
  CHECK(state->segments.size() == 12);  // of 1 s each, with a target duration of 4 s
  const auto first = state->segments.front()->number;
  // RFC 8216 §6.2.2: the segment's own duration and that of the playlist.
  CHECK(window.find(first - 13) != nullptr);
  CHECK(window.find(first - 16) == nullptr);
  CHECK(window.find(0) == nullptr);
  CHECK(window.find(state->segments.back()->number + 1) == nullptr);
  check_rules(window);
}

TEST_CASE("an outage: media sequence goes on behind a discontinuity") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 120, 50);
  CHECK(window.interrupt(kOrigin));  // lists what was being built
  CHECK_FALSE(window.interrupt(kOrigin));
  CHECK(window.state()->segments.size() == 3);
  CHECK(durations(window).back() == doctest::Approx(0.8));

  window.set_info(make_info(h264_info(), std::nullopt));  // the same as before
  window.push(video_unit(20 * kSecond, false), Break::kHard);
  CHECK(window.counters().dropped_units == 1);
  push_video(window, 20 * kSecond + kFrame, 51, 50);
  const auto& segment = *window.state()->segments.back();
  CHECK(segment.number == 3);
  CHECK(segment.discontinuity);
  CHECK(segment.discontinuity_sequence == 1);
  CHECK(segment.init_version == 0);
  check_rules(window);
}

TEST_CASE("numbers and versions start where the options say") {
  WindowOptions options;
  options.first_number = 5'000'000'000;
  options.first_init_version = 90;
  Window window(options, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 120, 50);
  window.interrupt(kOrigin);
  const auto state = window.state();
  CHECK(state->segments.front()->number == 5'000'000'000);
  CHECK(state->segments.front()->init_version == 90);
  CHECK_FALSE(state->segments.front()->discontinuity);
  check_rules(window);
}

TEST_CASE("other parameter sets: a new init version behind a discontinuity, at once") {
  Window window({}, test_clock);
  const auto before = make_info(h264_info(), std::nullopt);
  window.set_info(before);
  push_video(window, 0, 20, 50);
  const auto after = make_info(h265_info(), std::nullopt);
  CHECK(window.set_info(after));
  CHECK_FALSE(window.push(video_unit(20 * kFrame, false), Break::kNone));
  push_video(window, 21 * kFrame, 51, 50);
  const auto state = window.state();
  REQUIRE(state->segments.size() == 2);
  CHECK(state->segments[0]->init_version == 0);
  CHECK(state->segments[1]->init_version == 1);
  CHECK(state->segments[1]->discontinuity);
  CHECK(window.find_info(0) == before);
  CHECK(window.find_info(1) == after);
  CHECK(window.find_info(2) == nullptr);
  check_rules(window);
}

TEST_CASE("a soft break is told at the next key frame, and no picture is lost") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  for (int i = 0; i < 160; ++i)
    window.push(video_unit(i * kFrame, i % 25 == 0), i == 30 ? Break::kSoft : Break::kNone);
  const auto state = window.state();
  REQUIRE(state->segments.size() >= 2);
  CHECK(state->segments[0]->units.size() == 50);
  CHECK(state->segments[1]->discontinuity);
  CHECK(window.counters().dropped_units == 0);
  check_rules(window);
}

// 25 pictures a group; the loss is told with the picture behind it.
void push_with_losses(Window& window, int frames, const std::vector<int>& losses, bool audio = false) {
  media::Ticks sound = 0;
  for (int i = 0; i < frames; ++i) {
    auto unit = video_unit(i * kFrame, i % 25 == 0);
    unit.gap_before = std::ranges::count(losses, i) > 0;
    window.push(std::move(unit), Break::kNone);
    for (; audio && sound * 90 / 48 < (i + 1) * kFrame; sound += kAacFrame)
      window.push(audio_unit(sound), Break::kNone);
  }
}

TEST_CASE("lost pictures end the segment; the next begins with a key frame behind a discontinuity") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  push_with_losses(window, 150, {30}, true);
  const auto segments = window.state()->segments;
  REQUIRE(segments.size() == 2);
  const auto pictures =
      std::ranges::count(segments[0]->units, TrackKind::kVideo, [](const auto& unit) { return unit->track; });
  CHECK(pictures == 30);
  CHECK(durations(window)[0] == doctest::Approx(1.2));
  CHECK(segments[1]->discontinuity);
  CHECK(segments[1]->discontinuity_sequence == 1);
  CHECK(segments[1]->independent);
  CHECK(segments[1]->start == MediaTime(50 * kFrame));
  // Its date leaps by the hole.
  CHECK(segments[1]->program_date_time - segments[0]->program_date_time == 2s);
  CHECK(window.counters().holes == 1);
  CHECK(window.counters().dropped_units >= 20);
  CHECK(window.state()->independent);
  check_rules(window);
}

TEST_CASE("a loss that cost no picture before a key frame is no hole, one that cost a picture is") {
  for (const bool missing : {false, true}) {
    CAPTURE(missing);
    Window window({}, test_clock);
    window.set_info(make_info(h264_info(), std::nullopt));
    for (int i = 0; i < 120; ++i) {
      if (missing && i == 49) continue;
      auto unit = video_unit(i * kFrame, i % 25 == 0);
      unit.gap_before = i == 50;
      window.push(std::move(unit), Break::kNone);
    }
    CHECK(window.counters().holes == (missing ? 1 : 0));
    CHECK(window.state()->segments[1]->discontinuity == missing);
    CHECK(durations(window)[0] == doctest::Approx(missing ? 1.96 : 2));
    check_rules(window);
  }
}

TEST_CASE("losses while a key frame is waited for are one hole, and no length of a group of pictures") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_with_losses(window, 180, {30, 34, 40});
  CHECK(window.counters().holes == 1);
  CHECK(window.counters().longest_gop == MediaTime(1s));
}

TEST_CASE("sound that goes on without pictures still makes segments") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  push_video(window, 0, 26, 50, true);
  for (int i = 60; i < 1'500; ++i) window.push(audio_unit(i * kAacFrame), Break::kNone);
  CHECK(window.state()->segments.size() >= 5);
  CHECK_FALSE(window.state()->independent);
  check_rules(window);
}

TEST_CASE("bytes are bounded whatever a camera sends") {
  WindowOptions options;
  options.max_bytes = 1u << 20;
  Window window(options, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 2'000, 50, false, 20'000);
  CHECK(window.counters().bytes <= options.max_bytes);
  CHECK(window.counters().evicted_early > 0);
  CHECK_FALSE(window.state()->segments.empty());
  CHECK(window.newest_gop().units.size() == 1);  // the key frame alone
  check_rules(window);

  // Tiny units count by what their bookkeeping takes.
  Window tiny(options, test_clock);
  tiny.set_info(make_info(h264_info(), std::nullopt));
  for (int i = 0; i < 20'000; ++i) tiny.push(video_unit(i, i == 0, 1), Break::kNone);
  CHECK(tiny.counters().bytes <= options.max_bytes);
}

TEST_CASE("the newest group of pictures is at hand") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  CHECK(window.newest_gop().units.empty());
  CHECK_FALSE(window.newest_gop().info);
  push_video(window, 0, 60, 50, true);
  const auto gop = window.newest_gop();
  REQUIRE(gop.units.size() == 10);
  CHECK(gop.units.front()->key);
  CHECK(gop.units.back()->dts == 59 * kFrame);

  // Other tracks: the old group stays what it was until their first key frame.
  auto other = h264_info();
  other.pps = {0x68, 1};
  window.set_info(make_info(other, aac_info()));
  CHECK(window.newest_gop().info == gop.info);
  window.push(video_unit(60 * kFrame, true), Break::kNone);
  const auto after = window.newest_gop();
  REQUIRE(after.units.size() == 1);
  CHECK(after.info->video->pps == other.pps);
  CHECK(after.init_version == gop.init_version + 1);
}

TEST_CASE("a window that is cleared lists nothing, and goes on with other names behind a discontinuity") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 200, 50, false);
  const auto before = window.state()->segments;
  REQUIRE(before.size() >= 2);
  window.clear();
  CHECK(window.state()->segments.empty());
  CHECK(window.newest_gop().units.empty());
  CHECK(window.counters().bytes == 0);
  for (const auto& segment : before) CHECK_FALSE(window.find(segment->number));
  window.clear();
  push_video(window, 1'000 * kFrame, 200, 50, false);
  const auto after = window.state()->segments;
  REQUIRE(after.size() >= 2);
  CHECK(after.front()->number > before.back()->number);
  CHECK_FALSE(after.front()->discontinuity);
  CHECK(after.front()->init_version == before.back()->init_version);
  check_rules(window);
}

TEST_CASE("renditions of a camera signal each other's breaks, in one numbering") {
  WindowOptions options;
  options.breaks = std::make_shared<BreakCount>();
  Window main(options, test_clock), sub(options, test_clock);
  main.set_info(make_info(h264_info(), std::nullopt));
  sub.set_info(make_info(h264_info(), std::nullopt));
  push_video(main, 0, 100, 50);
  push_video(sub, 0, 110, 50);  // its segments of 2 s; 0.4 s of the third are there
  main.interrupt(kOrigin);
  push_video(main, 150 * kFrame, 51, 50);
  push_video(sub, 110 * kFrame, 76, 25);  // cut at the next key frame, before 2 s are over
  const auto ours = main.state()->segments, theirs = sub.state()->segments;
  REQUIRE(theirs.size() >= 4);
  CHECK(ours.back()->discontinuity);
  CHECK(ours.back()->discontinuity_sequence == 1);
  CHECK(durations(sub)[2] == doctest::Approx(0.4));
  CHECK(theirs[3]->discontinuity);
  CHECK(theirs[3]->discontinuity_sequence == 1);
  check_rules(main);
  check_rules(sub);

  sub.clear();  // nobody watches it: what happens meanwhile is known when it comes back
  main.interrupt(kOrigin);
  push_video(main, 300 * kFrame, 51, 50);
  push_video(sub, 300 * kFrame, 51, 50);
  CHECK(sub.state()->segments.front()->discontinuity_sequence == 2);
  CHECK_FALSE(sub.state()->segments.front()->discontinuity);
  push_video(main, 351 * kFrame, 50, 50);
  CHECK(main.state()->segments.back()->discontinuity_sequence == 2);
}

TEST_CASE("program date time is the server's clock, by the unit that was the least late") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  for (int i = 0; i < 101; ++i) {
    auto unit = video_unit(9'000 + i * kFrame, i % 50 == 0);
    unit.arrival += i % 50 == 0 ? 80ms : 20ms;  // key frames are large and take longer
    window.push(std::move(unit), Break::kNone);
  }
  const auto state = window.state();
  REQUIRE(state->segments.size() == 2);
  CHECK(state->segments[0]->program_date_time == system_clock::time_point(1'000'000s + 120ms));
  CHECK(state->segments[1]->program_date_time == system_clock::time_point(1'000'002s + 120ms));
}

TEST_CASE("program date time follows a drifting camera slowly, and a step of the server's clock at once") {
  auto step = 0s;
  Window window({}, [&](steady_clock::time_point moment) { return test_clock(moment) + step; });
  window.set_info(make_info(h264_info(), std::nullopt));
  const auto push = [&](int i) {
    auto unit = video_unit(i * kFrame, i % 50 == 0);
    unit.arrival += std::chrono::microseconds(40 * i);  // a clock that is 0.1 % slow
    window.push(std::move(unit), Break::kNone);
  };
  for (int i = 0; i < 5'001; ++i) push(i);
  auto newest = window.state()->segments.back();
  auto late = newest->program_date_time - (system_clock::time_point(1'000'000s) +
                                           std::chrono::duration_cast<system_clock::duration>(newest->start));
  CHECK(late > 180ms);
  CHECK(late <= 200ms);
  step = 3600s;
  for (int i = 5'001; i < 5'102; ++i) push(i);
  newest = window.state()->segments.back();
  late = newest->program_date_time - (system_clock::time_point(1'000'000s) +
                                      std::chrono::duration_cast<system_clock::duration>(newest->start));
  CHECK(late > 3600s);
  CHECK(late < 3601s);
}

TEST_CASE("a finite source ends the playlist") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 60, 50);
  CHECK(window.end());
  CHECK(window.state()->ended);
  CHECK(window.state()->segments.size() == 2);
}

TEST_CASE("nothing comes before stream information, nor from tracks that it lacks") {
  Window window({}, test_clock);
  CHECK_FALSE(window.push(video_unit(0, true), Break::kNone));
  window.set_info(make_info(h264_info(), std::nullopt));
  CHECK_FALSE(window.push(audio_unit(0), Break::kNone));
  auto metadata = audio_unit(0);
  metadata.track = media::TrackKind::kMetadata;
  CHECK_FALSE(window.push(std::move(metadata), Break::kNone));
  CHECK_FALSE(window.end());
}

TEST_CASE("readers on other threads see whole states") {
  Window window({}, test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto state = window.state();
      for (const auto& segment : state->segments) {
        if (segment->units.empty()) std::abort();
      }
      if (!state->segments.empty()) (void)window.find(state->segments.front()->number);
      (void)window.counters();
      (void)window.newest_gop();
    }
  });
  push_video(window, 0, 3'000, 50);
  done = true;
  reader.join();
}

}  // namespace
}  // namespace camctl::hls
