#include "libhls/ll_playlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libhls/playlist.h"
#include "libhls/playlist_text.h"

namespace camctl::hls {
namespace {

// §4.4.3.8: HOLD-BACK is at least three target durations, PART-HOLD-BACK should be three part targets.
constexpr int kHoldBack = 3, kPartHoldBack = 3;
// §4.4.4.9: parts leave the playlist once they are further from its end than so many target durations.
constexpr int kPartsListed = 3;
// §8: EXT-X-SKIP.
constexpr int kVersion = 9;
// §6.2.5.2: how many segments ahead of the last complete one a request may ask for.
constexpr std::uint64_t kMostSegmentsAhead = 2;
// §6.2.5.2, Advance Part Limit: so many parts, or as many as fit into so many seconds where a part is shorter
// than a second.
constexpr std::int64_t kAdvanceLimit = 3;

// The number that the last complete segment's successor has.
std::uint64_t incomplete(const WindowState& state) {
  return state.open ? state.open->number : state.next_number;
}

bool shows_open(const WindowState& state, std::size_t epoch) {
  return state.open && state.open->part_epoch == epoch;
}

MediaTime duration_of(const SegmentHead& head) {
  MediaTime sum{};
  for (const auto& part : head.parts) sum += part->duration;
  return sum;
}

class Writer {
 public:
  Writer(const WindowState& state, const LowLatencyView& view) : state_(state), view_(view) {}

  std::string write() {
    header();
    skip();
    const auto with_parts = first_within(kPartsListed * MediaTime(state_.target_duration));
    for (; at_ < state_.segments.size(); ++at_) segment(*state_.segments[at_], at_ >= with_parts);
    if (shows_open(state_, view_.epoch)) {
      tags(*state_.open);
      parts(*state_.open);
    }
    if (state_.ended)
      out_ += "#EXT-X-ENDLIST\n";
    else
      hint();
    for (const auto& report : view_.reports) write(report);
    return std::move(out_);
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
    out_ += '\n';
  }

  bool has_parts() const { return view_.epoch < state_.part_targets.size(); }

  void header() {
    const auto& front = state_.segments.empty() ? *state_.open : *state_.segments.front();
    const auto target = state_.target_duration.count();
    line("#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}", kVersion, target);
    out_ += "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,";
    if (has_parts()) {
      const auto part = state_.part_targets[view_.epoch];
      fmt::format_to(std::back_inserter(out_), "PART-HOLD-BACK={:.5f},", seconds(kPartHoldBack * part));
    }
    line("HOLD-BACK={},CAN-SKIP-UNTIL={}", kHoldBack * target, kSkipBoundary * target);
    if (has_parts()) line("#EXT-X-PART-INF:PART-TARGET={:.5f}", seconds(state_.part_targets[view_.epoch]));
    line("#EXT-X-MEDIA-SEQUENCE:{}", front.number);
    // The tag before the first segment counts on from here (§4.4.3.3).
    const auto sequence = front.discontinuity_sequence - (front.discontinuity ? 1 : 0);
    if (sequence > 0 || front.discontinuity) line("#EXT-X-DISCONTINUITY-SEQUENCE:{}", sequence);
    if (state_.independent) out_ += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  }

  // The first segment that begins no further from the playlist's end. Counted from there: a list may be long.
  std::size_t first_within(MediaTime limit) const {
    auto left = shows_open(state_, view_.epoch) ? duration_of(*state_.open) : MediaTime{};
    auto first = state_.segments.size();
    for (; first > 0; --first) {
      left += state_.segments[first - 1]->duration;
      if (left > limit) break;
    }
    return first;
  }

  // Leaves out what ends before the Skip Boundary.
  void skip() {
    if (!view_.skip) return;
    const auto inside = first_within(kSkipBoundary * MediaTime(state_.target_duration) - MediaTime{1});
    at_ = inside > 0 ? inside - 1 : 0;  // that one ends inside
    if (at_ == 0) return;
    before_ = state_.segments[at_ - 1].get();
    line("#EXT-X-SKIP:SKIPPED-SEGMENTS={}", at_);
  }

  void segment(const Segment& segment, bool with_parts) {
    tags(segment);
    if (segment.part_epoch == view_.epoch && with_parts) parts(segment);
    if (segment.gap) out_ += "#EXT-X-GAP\n";
    line("#EXTINF:{:.5f},\n{}{}", seconds(segment.duration), view_.prefix, fmp4_segment_name(segment.number));
  }

  // They stand before the segment's first part (§4.4.4.9).
  void tags(const SegmentHead& head) {
    if (head.discontinuity) out_ += "#EXT-X-DISCONTINUITY\n";
    if (before_ == nullptr || head.discontinuity || before_->init_version != head.init_version)
      line("#EXT-X-MAP:URI=\"{}{}\"", view_.prefix, init_segment_name(head.init_version));
    line("#EXT-X-PROGRAM-DATE-TIME:{}", playlist_date(head.program_date_time));
    before_ = &head;
  }

  void parts(const SegmentHead& head) {
    for (const auto& part : head.parts)
      line("#EXT-X-PART:DURATION={:.5f},URI=\"{}{}\"{}", seconds(part->duration), view_.prefix,
           part_name(head.number, part->index), part->independent ? ",INDEPENDENT=YES" : "");
  }

  void hint() {
    if (!has_parts() || state_.part_epoch != view_.epoch) return;
    const bool in_open = state_.open && !state_.next_part_begins_segment;
    line("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}{}\"", view_.prefix,
         in_open ? part_name(state_.open->number, state_.open->parts.size())
                 : part_name(state_.next_number, 0));
  }

  void write(const RenditionReport& report) {
    fmt::format_to(std::back_inserter(out_), "#EXT-X-RENDITION-REPORT:URI=\"{}\",LAST-MSN={}", report.uri,
                   report.last_msn);
    if (report.last_part) fmt::format_to(std::back_inserter(out_), ",LAST-PART={}", *report.last_part);
    out_ += '\n';
  }

  const WindowState& state_;
  const LowLatencyView& view_;
  std::string out_;
  std::size_t at_ = 0;                   // the next segment
  const SegmentHead* before_ = nullptr;  // what was listed or skipped last
};

}  // namespace

std::string part_name(std::uint64_t segment, std::size_t index) {
  return fmt::format("part{}.{}.m4s", segment, index);
}

Result<std::string> ll_media_playlist(const WindowState& state, const LowLatencyView& view) {
  if (view.epoch > 0 && view.epoch >= state.part_targets.size())
    return fail(ErrorCode::kNotFound, "there is no such playlist");
  if (state.segments.empty() && !shows_open(state, view.epoch))
    return fail(ErrorCode::kNotFound, "no segment yet");
  return Writer(state, view).write();
}

Reload reload(const WindowState& state, std::size_t epoch, std::uint64_t msn,
              std::optional<std::uint64_t> part) {
  if (state.ended) return Reload::kNow;
  const auto building = incomplete(state);
  const bool own = epoch == state.part_epoch;  // new parts are this playlist's
  if (msn < building && part && own) {
    // Behind a segment's last part comes the first one of the next (§6.2.5.2).
    const auto found = state.segments.find(msn);
    if (!found || found->part_epoch != epoch || found->parts.empty() || *part < found->parts.size())
      return Reload::kNow;
    ++msn;
    part = 0;
  }
  if (msn < building) return Reload::kNow;
  if (msn >= building + kMostSegmentsAhead) return Reload::kTooFar;
  if (!part || !own || state.part_targets.empty()) return Reload::kLater;
  const auto there = msn == building && state.open ? state.open->parts.size() : 0;
  if (*part < there) return Reload::kNow;
  const auto target = state.part_targets[epoch];
  const MediaTime limit_time = std::chrono::seconds(kAdvanceLimit);
  const auto limit = target < MediaTime(std::chrono::seconds(1)) ? limit_time / target : kAdvanceLimit;
  return *part >= there + static_cast<std::uint64_t>(limit) ? Reload::kTooFar : Reload::kLater;
}

bool is_next_part(const WindowState& state, std::uint64_t segment, std::uint64_t index) {
  if (state.ended || state.part_targets.empty()) return false;
  if (state.open && segment == state.open->number) return index == state.open->parts.size();
  return segment == state.next_number && index == 0;
}

RenditionReport report_of(const WindowState& state, std::size_t epoch, std::string uri) {
  if (shows_open(state, epoch)) return {std::move(uri), state.open->number, state.open->parts.size() - 1};
  RenditionReport report{std::move(uri), incomplete(state) - 1, std::nullopt};
  if (!state.segments.empty() && state.segments.back()->part_epoch == epoch &&
      !state.segments.back()->parts.empty())
    report.last_part = state.segments.back()->parts.size() - 1;
  return report;
}

}  // namespace camctl::hls
