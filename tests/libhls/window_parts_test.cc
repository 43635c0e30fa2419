#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "libhls/ll_playlist.h"
#include "libhls/playlist.h"
#include "libhls/window.h"
#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;
using media::TrackKind;

std::chrono::system_clock::time_point test_clock(std::chrono::steady_clock::time_point moment) {
  return std::chrono::system_clock::time_point(1'000'000s) +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(moment - kOrigin);
}

WindowOptions with_parts() {
  WindowOptions options;
  options.part_duration = 200ms;
  options.listed_targets = kListedForSkipping;
  options.max_bytes = 1u << 30;
  return options;
}

double seconds(MediaTime time) { return std::chrono::duration<double>(time).count(); }

// A complete segment's parts hold its units, in order, and last as long.
void check_segment(const Segment& segment, bool exact = true) {
  std::vector<media::AccessUnitPtr> units;
  MediaTime sum{};
  for (std::size_t i = 0; i < segment.parts.size(); ++i) {
    const auto& part = *segment.parts[i];
    CHECK(part.segment == segment.number);
    CHECK(part.index == i);
    CHECK(part.info == segment.info);
    CHECK_FALSE(part.units.empty());
    units.insert(units.end(), part.units.begin(), part.units.end());
    sum += part.duration;
  }
  CHECK(units == segment.units);
  if (exact) CHECK(sum == segment.duration);
}

TEST_CASE("a part is listed with its last frame, long before its segment") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  for (int i = 0; i < 50; ++i) {
    const auto listed = window.push(video_unit(i * kFrame, i == 0), Break::kNone);
    CHECK(listed.part == (i % 5 == 4));
    CHECK_FALSE(listed.segment);
    const auto state = window.state();
    CHECK((state->open != nullptr) == (i >= 4));
    if (state->open) CHECK(state->open->parts.size() == static_cast<std::size_t>((i + 1) / 5));
  }
  const auto state = window.state();
  CHECK(state->segments.empty());
  CHECK(state->part_targets == std::vector<MediaTime>{MediaTime(220ms)});
  CHECK(state->open->parts[0]->independent);
  CHECK_FALSE(state->open->parts[1]->independent);
  CHECK(state->open->program_date_time == std::chrono::system_clock::time_point(1'000'000s));
  CHECK(state->next_number == 1);

  const auto listed = window.push(video_unit(50 * kFrame, true), Break::kNone);
  CHECK(listed.segment);
  CHECK_FALSE(listed.part);
  CHECK(window.state()->open == nullptr);
  CHECK(window.state()->next_number == 1);
  check_segment(*window.state()->segments[0]);
}

TEST_CASE("every unit is in one part, sound behind a segment's last part opens the next segment") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  push_video(window, 0, 1'000, 50, true);
  const auto state = window.state();
  REQUIRE(state->segments.size() >= 16);
  for (const auto& segment : state->segments) {
    check_segment(*segment);
    CHECK(segment->parts.size() == 10);
    const auto video = std::find_if(segment->units.begin(), segment->units.end(),
                                    [](const auto& unit) { return unit->track == TrackKind::kVideo; });
    CHECK((*video)->key);
  }
  CHECK(window.counters().dropped_units == 0);
  CHECK(state->independent);
}

TEST_CASE("audio alone is cut into parts too") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(std::nullopt, aac_info()));
  for (int i = 0; i < 1'000; ++i) window.push(audio_unit(i * kAacFrame), Break::kNone);
  const auto state = window.state();
  REQUIRE(state->part_targets.size() == 1);
  CHECK(seconds(state->part_targets[0]) == doctest::Approx(1.1 * 9 * 1024 / 48'000).epsilon(0.001));
  for (const auto& segment : state->segments) {
    check_segment(*segment);
    for (const auto& part : segment->parts) CHECK(part->independent);
  }
}

TEST_CASE("the hint knows when the next key frame is due") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 51, 50);
  for (int i = 51; i < 100; ++i) {
    window.push(video_unit(i * kFrame, false), Break::kNone);
    if (window.state()->open) CHECK(window.state()->next_part_begins_segment == (i == 99));
  }
}

TEST_CASE("an outage ends the segment with a short part; the axis goes on behind a discontinuity") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  push_video(window, 0, 63, 50, true);
  CHECK(window.interrupt(kOrigin).segment);
  auto state = window.state();
  CHECK(state->open == nullptr);
  REQUIRE(state->segments.size() == 2);
  REQUIRE(state->segments[1]->parts.size() == 3);
  CHECK(seconds(state->segments[1]->parts[2]->duration) == doctest::Approx(0.12));
  check_segment(*state->segments[1]);

  window.push(video_unit(20 * kSecond, true), Break::kHard);
  for (int i = 1; i < 5; ++i) window.push(video_unit(20 * kSecond + i * kFrame, false), Break::kNone);
  state = window.state();
  REQUIRE(state->open != nullptr);
  CHECK(state->open->discontinuity);
  CHECK(state->open->number == 2);
  CHECK(state->open->program_date_time == std::chrono::system_clock::time_point(1'000'020s));
}

TEST_CASE("lost pictures: what follows a hole stays inside the rules") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  for (int i = 0; i < 400; ++i) {
    if (i % 50 == 23 || i % 50 == 24 || (i > 130 && i < 145)) continue;
    window.push(video_unit(i * kFrame, i % 50 == 0), Break::kNone);
  }
  const auto state = window.state();
  const auto target = state->part_targets.at(0);
  CHECK(state->part_targets.size() == 1);
  for (const auto& segment : state->segments) {
    check_segment(*segment, false);
    for (const auto& part : segment->parts) {
      CHECK(part->duration <= target);
      if (part != segment->parts.back()) CHECK(part->duration * 100 >= target * 85);
    }
  }
}

TEST_CASE("lost packets: parts add up to their segments, up to the hole and behind it") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  media::Ticks sound = 0;
  for (int i = 0; i < 1'000; ++i) {
    auto unit = video_unit(i * kFrame, i % 50 == 0);
    unit.gap_before = i % 70 == 33 || i % 100 == 0;
    if (i % 100 != 99) window.push(std::move(unit), Break::kNone);  // one is lost before a key frame
    for (; sound * 90 / 48 < (i + 1) * kFrame; sound += kAacFrame)
      window.push(audio_unit(sound), Break::kNone);
  }
  const auto state = window.state();
  CHECK(state->part_targets.size() == 1);
  CHECK(window.counters().holes >= 15);
  for (const auto& segment : state->segments) check_segment(*segment);
}

TEST_CASE("where no key frame comes whole for long, segments without media are listed") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 75, 50);
  CHECK_FALSE(window.mark_gap(kOrigin + 60s));  // pictures are there
  for (int i = 75; i < 400; ++i) {
    auto unit = video_unit(i * kFrame, false);
    unit.gap_before = true;
    window.push(std::move(unit), Break::kNone);
    window.mark_gap(kOrigin + std::chrono::milliseconds(40 * i));
  }
  auto state = window.state();
  REQUIRE(state->segments.size() == 5);
  CHECK(state->segments[1]->duration == MediaTime(1s));
  for (std::size_t i = 2; i < 5; ++i) CHECK(state->segments[i]->gap);
  push_video(window, 400 * kFrame, 75, 50);
  state = window.state();
  CHECK(state->segments.back()->discontinuity);
  CHECK(state->segments.back()->number == 5);
}

TEST_CASE("25, 12 and 5 pictures a second: a new playlist, and the old one goes on without parts") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  media::Ticks now = 0;
  const auto run = [&](media::Ticks interval, int frames, int gop) {
    for (int i = 0; i < frames; ++i, now += interval) {
      auto unit = video_unit(now, i % gop == 0);
      unit.duration = interval;
      window.push(std::move(unit), Break::kNone);
    }
  };
  run(kFrame, 200, 50);
  run(7'500, 150, 24);
  auto state = window.state();
  CHECK(state->part_epoch == 1);
  REQUIRE(state->part_targets.size() == 2);
  const auto old = ll_media_playlist(*state, {}).value();
  CHECK(old.find("PART-TARGET=0.22000") != std::string::npos);
  CHECK(old.find("EXT-X-PRELOAD-HINT") == std::string::npos);
  CHECK(old.find(fmp4_segment_name(state->segments.back()->number)) != std::string::npos);
  CHECK(old.find(part_name(state->segments.back()->number, 0)) == std::string::npos);
  LowLatencyView view;
  view.epoch = 1;
  const auto now_one = ll_media_playlist(*state, view).value();
  CHECK(now_one.find("PART-TARGET=0.18333") != std::string::npos);
  CHECK(now_one.find("DURATION=0.16667,URI=\"" + part_name(state->segments.back()->number, 0)) !=
        std::string::npos);
  run(18'000, 60, 10);
  state = window.state();
  CHECK(state->part_epoch == 0);
  CHECK(ll_media_playlist(*state, {})->find("EXT-X-PRELOAD-HINT") != std::string::npos);
  for (const auto& segment : state->segments) check_segment(*segment, false);
}

TEST_CASE("eight target durations are listed where delta updates are; classic playlists show three") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 25 * 100, 50);
  const auto state = window.state();
  CHECK(state->segments.size() == 16);
  CHECK(state->classic.size() == 6);
  CHECK(state->classic.back() == state->segments.back());
  CHECK(window.find(state->segments.front()->number - 14) != nullptr);
}

// RFC 8216 §6.2.2: for its own duration and that of the longest playlist that held it.
TEST_CASE("what leaves the list while the camera is away can be had as long as what leaves it at any time") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  push_video(window, 0, 1'000, 50);
  const auto lost = kOrigin + 40s;
  window.interrupt(lost);
  const auto before = window.state()->segments;
  for (int i = 1; i <= 15; ++i) window.mark_gap(lost + std::chrono::seconds(i));
  const auto after = window.state()->segments;
  REQUIRE(after.front()->number > before.front()->number);
  REQUIRE(after.duration() >= 32s);

  // The last one went at 52 s or later, so that it stays until 86 s at least.
  push_video(window, 55 * kSecond, 725, 50);
  CHECK(window.find(after.front()->number - 1) != nullptr);
  push_video(window, 84 * kSecond, 250, 50);
  CHECK(window.find(after.front()->number - 1) == nullptr);
}

TEST_CASE(
    "while the camera is away, segments without media are listed; playlists without parts don't count them") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), std::nullopt));
  CHECK_FALSE(window.mark_gap(kOrigin + 100s));
  push_video(window, 0, 150, 50);
  window.interrupt(kOrigin);  // at 5.96 s
  CHECK_FALSE(window.mark_gap(kOrigin + 9s));
  CHECK(window.mark_gap(kOrigin + 10s).segment);
  CHECK(window.mark_gap(kOrigin + 18s).segment);
  auto state = window.state();
  REQUIRE(state->segments.size() == 6);
  CHECK(state->classic.size() == 3);
  for (std::size_t i = 3; i < 6; ++i) {
    const auto& gap = *state->segments[i];
    CHECK(gap.gap);
    CHECK(gap.number == i);
    CHECK(gap.duration == MediaTime(4s));
    CHECK_FALSE(gap.discontinuity);
    CHECK(gap.program_date_time == std::chrono::system_clock::time_point(1'000'006s + 4s * (i - 3)));
    CHECK(window.find(gap.number) == nullptr);
  }
  const auto text = ll_media_playlist(*state, {}).value();
  CHECK(text.find("#EXT-X-GAP\n#EXTINF:4.00000,\nseg5.m4s\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part6.0") !=
        std::string::npos);
  // Who waits for a part of what became a gap gets it.
  CHECK(reload(*state, 0, 5, 0) == Reload::kNow);

  push_video(window, 20 * kSecond, 200, 50);
  state = window.state();
  const auto& after = *state->segments[6];
  CHECK(after.number == 6);
  CHECK(after.discontinuity);
  CHECK_FALSE(after.gap);
  const auto classic = ts_media_playlist(*state).value();
  CHECK(classic.find("GAP") == std::string::npos);
  CHECK(classic.find("#EXT-X-MEDIA-SEQUENCE:0\n") != std::string::npos);
  CHECK(classic.find("playlist2.ts\n#EXT-X-DISCONTINUITY\n") != std::string::npos);

  // Hours away leave a playlist of gaps alone; the classic one stays as it was, and its media can be had.
  window.interrupt(kOrigin);
  const auto last = state->classic.size() + 1;
  CHECK(window.mark_gap(kOrigin + 3600s).segment);
  state = window.state();
  CHECK(state->segments.size() == 8);
  CHECK(state->classic.size() >= std::min<std::size_t>(last, 6));
  for (const auto& segment : state->classic) CHECK(window.find(segment->number) == segment);
  push_video(window, 3700 * kSecond, 2'000, 50);
  const auto again = ts_media_playlist(*window.state()).value();
  CHECK(window.state()->segments.front()->gaps_before == window.state()->segments.back()->gaps_before);
  const auto& front = *window.state()->classic.front();
  CHECK(again.find("#EXT-X-MEDIA-SEQUENCE:" + std::to_string(front.number - front.gaps_before) + "\n") !=
        std::string::npos);
}

TEST_CASE("readers on other threads see whole parts") {
  Window window(with_parts(), test_clock);
  window.set_info(make_info(h264_info(), aac_info()));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto state = window.state();
      if (!state->open) continue;
      std::uint32_t index = 0;
      for (const auto& part : state->open->parts) {
        if (part->index != index++ || part->units.empty()) std::abort();
        (void)window.find(part->segment);
      }
      (void)ll_media_playlist(*state, {});
    }
  });
  push_video(window, 0, 2'000, 50, true);
  done = true;
  reader.join();
}

}  // namespace
}  // namespace camctl::hls
