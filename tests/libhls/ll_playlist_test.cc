#include "libhls/ll_playlist.h"

#include <doctest/doctest.h>

#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

PartPtr part(std::uint64_t segment, std::uint32_t index, MediaTime duration = 200ms) {
  auto out = std::make_shared<Part>();
  out->segment = segment;
  out->index = index;
  out->independent = index == 0;
  out->duration = duration;
  return out;
}

void fill(SegmentHead& head, std::uint64_t number, std::uint32_t parts) {
  head.number = number;
  head.info = make_info(h264_info(), aac_info());
  head.program_date_time = std::chrono::system_clock::time_point(1'700'000'000s + 2s * number);
  for (std::uint32_t i = 0; i < parts; ++i) head.parts.push_back(part(number, i));
}

SegmentPtr segment(std::uint64_t number, std::uint32_t parts = 10) {
  auto out = std::make_shared<Segment>();
  fill(*out, number, parts);
  out->duration = parts * MediaTime(200ms);
  return out;
}

WindowState state_of(std::uint64_t first, int segments, std::uint32_t open_parts) {
  WindowState state;
  state.target_duration = 2s;
  state.part_targets = {MediaTime(220ms)};
  for (int i = 0; i < segments; ++i) state.segments.push_back(segment(first + static_cast<std::uint64_t>(i)));
  state.next_number = first + static_cast<std::uint64_t>(segments);
  state.next_part_begins_segment = open_parts == 0;
  if (open_parts > 0) {
    auto open = std::make_shared<SegmentHead>();
    fill(*open, state.next_number++, open_parts);
    state.open = std::move(open);
  }
  return state;
}

TEST_CASE("the first playlist has parts and no segment") {
  auto state = state_of(7, 0, 2);
  CHECK(ll_media_playlist(state, {}).value() ==
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.66000,HOLD-BACK=6,CAN-SKIP-UNTIL=12\n"
        "#EXT-X-PART-INF:PART-TARGET=0.22000\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MAP:URI=\"init-0.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:34.000Z\n"
        "#EXT-X-PART:DURATION=0.20000,URI=\"part7.0.m4s\",INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.20000,URI=\"part7.1.m4s\"\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part7.2.m4s\"\n");
  CHECK(ll_media_playlist(state_of(7, 0, 0), {}).error().code == ErrorCode::kNotFound);
  LowLatencyView other;
  other.epoch = 1;
  CHECK(ll_media_playlist(state, other).error().code == ErrorCode::kNotFound);
  state.next_part_begins_segment = true;
  CHECK(ll_media_playlist(state, {})->find("URI=\"part8.0.m4s\"") != std::string::npos);
}

TEST_CASE("parts of the segments within three target durations of the end") {
  const auto text = ll_media_playlist(state_of(0, 8, 5), {}).value();
  CHECK(text.find("\"part5.9") == std::string::npos);
  CHECK(text.find("\"part6.0") != std::string::npos);
  CHECK(text.find("\"part8.4.m4s\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part8.5.m4s\"") != std::string::npos);
  CHECK(text.find("#EXT-X-PART:DURATION=0.20000,URI=\"part7.9.m4s\"\n#EXTINF:2.00000,\nseg7.m4s\n") !=
        std::string::npos);
}

TEST_CASE("a delta update leaves out what ends before the Skip Boundary") {
  LowLatencyView delta;
  delta.skip = true;
  const auto text = ll_media_playlist(state_of(10, 9, 5), delta).value();
  // 9 x 2 s + 1 s are listed, 12 s and more are left.
  CHECK(text.find("#EXT-X-MEDIA-SEQUENCE:10\n") != std::string::npos);
  CHECK(text.find("#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXT-X-PROGRAM-DATE-TIME") != std::string::npos);
  CHECK(text.find("seg12.m4s") == std::string::npos);
  CHECK(text.find("seg13.m4s") != std::string::npos);
  CHECK(text.find("EXT-X-MAP") == std::string::npos);
  CHECK(ll_media_playlist(state_of(10, 6, 0), delta)->find("EXT-X-SKIP") == std::string::npos);
}

TEST_CASE("an ended playlist hints at nothing") {
  auto state = state_of(0, 2, 0);
  state.ended = true;
  const auto text = ll_media_playlist(state, {}).value();
  CHECK(text.ends_with("seg1.m4s\n#EXT-X-ENDLIST\n"));
  CHECK(reload(state, 0, 100, 3) == Reload::kNow);
}

TEST_CASE("rendition reports") {
  const auto state = state_of(4, 2, 3);
  const RenditionReport reports[] = {report_of(state, 0, "../sub/media.m3u8"),
                                     report_of(state_of(4, 2, 0), 0, "../low/media.m3u8")};
  LowLatencyView view;
  view.reports = reports;
  CHECK(ll_media_playlist(state, view)
            ->ends_with("#EXT-X-RENDITION-REPORT:URI=\"../sub/media.m3u8\",LAST-MSN=6,LAST-PART=2\n"
                        "#EXT-X-RENDITION-REPORT:URI=\"../low/media.m3u8\",LAST-MSN=5,LAST-PART=9\n"));
}

TEST_CASE("blocking reloads") {
  const auto state = state_of(4, 3, 2);  // 4, 5, 6 complete, 7 has parts 0 and 1
  struct Case {
    std::uint64_t msn;
    std::optional<std::uint64_t> part;
    Reload answer;
  };
  for (const auto& c : {
           Case{0, std::nullopt, Reload::kNow},
           Case{6, std::nullopt, Reload::kNow},
           Case{6, 9, Reload::kNow},
           Case{6, 10, Reload::kNow},  // is part 0 of 7
           Case{7, std::nullopt, Reload::kLater},
           Case{7, 0, Reload::kNow},
           Case{7, 1, Reload::kNow},
           Case{7, 2, Reload::kLater},
           Case{7, 14, Reload::kLater},
           Case{7, 15, Reload::kTooFar},  // Advance Part Limit: 3 s / 0.22 s
           Case{8, std::nullopt, Reload::kLater},
           Case{8, 0, Reload::kLater},
           Case{9, std::nullopt, Reload::kTooFar},  // more than two ahead of 6
           Case{9, 0, Reload::kTooFar},
           Case{~0ull, ~0ull, Reload::kTooFar},
       }) {
    CAPTURE(c.msn);
    CHECK(reload(state, 0, c.msn, c.part) == c.answer);
  }
  const auto between = state_of(4, 3, 0);  // 7 is not there at all yet
  CHECK(reload(between, 0, 6, 9) == Reload::kNow);
  CHECK(reload(between, 0, 6, 10) == Reload::kLater);
  CHECK(reload(between, 0, 7, 0) == Reload::kLater);
  CHECK(reload(between, 0, 9, 0) == Reload::kTooFar);
  // Of a playlist whose parts are no longer made, segments only.
  auto other = state_of(4, 3, 2);
  other.part_targets.push_back(MediaTime(330ms));
  other.part_epoch = 1;
  CHECK(reload(other, 0, 7, 0) == Reload::kLater);
  CHECK(reload(other, 0, 6, 10) == Reload::kNow);
}

TEST_CASE("parts that may be asked for before they are there") {
  const auto state = state_of(4, 1, 2);
  CHECK(is_next_part(state, 5, 2));
  CHECK(is_next_part(state, 6, 0));
  CHECK_FALSE(is_next_part(state, 5, 1));
  CHECK_FALSE(is_next_part(state, 5, 3));
  CHECK_FALSE(is_next_part(state, 6, 1));
  CHECK_FALSE(is_next_part(state, 7, 0));
  CHECK(is_next_part(state_of(4, 1, 0), 5, 0));
}

}  // namespace
}  // namespace camctl::hls
