// A hostile source in front of timeline, window, packagers and playlists. The input is a program of steps: a
// unit with any times, other stream information, a lost session.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <source_location>

#include "libhls/ll_playlist.h"
#include "libhls/packager_fmp4.h"
#include "libhls/packager_ts.h"
#include "libhls/playlist.h"
#include "tests/libhls/feeding.h"

namespace {

using namespace camctl;
using namespace std::chrono_literals;

// Where a check fails is what a person wants to know first.
void check(bool condition, std::source_location where = std::source_location::current()) {
  if (condition) return;
  std::fprintf(stderr, "line %u\n", where.line());
  std::abort();
}

// Values from the front of the input; zeros behind its end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  template <class T>
  T take() {
    T value{};
    const auto bytes = std::min(sizeof value, size_);
    std::memcpy(&value, data_, bytes);
    data_ += bytes;
    size_ -= bytes;
    return value;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

media::StreamInfoPtr info_of(std::uint8_t kind) {
  auto video = kind & 1 ? hls::h264_info() : hls::h265_info();
  if (kind & 16) video.sps.resize(video.sps.size() / 2);
  auto audio = hls::aac_info();
  if (kind & 8) audio.codec = media::Codec::kPcma;
  if (kind & 32) audio.clock_rate = 1;
  return hls::make_info(kind & 2 ? std::optional(video) : std::nullopt,
                        kind & 4 ? std::optional(audio) : std::nullopt);
}

media::Ticks time_of(Input& in, std::uint8_t form, media::Ticks& near) {
  switch (form % 4) {
    case 0:
      return media::kNoTime;
    case 1:
      return in.take<std::int64_t>();
    case 2:
      return near += in.take<std::int32_t>();
    default:
      return near += in.take<std::uint8_t>() * 256;
  }
}

// RFC 8216bis §4.4.4.9: no part is longer than the target, none but a segment's last shorter than 85 % of it,
// and together they hold what the segment holds.
void check_parts(const hls::WindowState& state) {
  const auto check_run = [&](const hls::SegmentHead& head, bool whole) {
    std::size_t units = 0;
    for (const auto& part : head.parts) {
      const auto target = state.part_targets.at(head.part_epoch);
      check(part->duration.count() > 0 && part->duration <= target);
      check((whole && part == head.parts.back()) || part->duration * 100 >= target * 85);
      check(!part->units.empty());
      units += part->units.size();
      (void)hls::package_part(*part);
    }
    return units;
  };
  for (const auto& segment : state.segments) {
    const auto units = check_run(*segment, true);
    check(segment->parts.empty() || units == segment->units.size());
  }
  if (state.open) check_run(*state.open, false);
  for (std::size_t epoch = 0; epoch < std::max<std::size_t>(1, state.part_targets.size()); ++epoch) {
    hls::LowLatencyView view;
    view.epoch = epoch;
    view.skip = epoch % 2 == 1;
    (void)hls::ll_media_playlist(state, view);
    const auto next = state.next_number;
    for (const std::uint64_t msn : {next - 1, next, next + 1})
      for (const std::uint64_t part : {0u, 3u, 100u}) (void)hls::reload(state, epoch, msn, part);
  }
}

void check_window(const hls::Window& window, const hls::WindowOptions& options) {
  check(window.counters().bytes <= options.max_bytes);
  const auto state = window.state();
  for (const auto& segment : state->segments) {
    if (segment->gap) continue;
    const auto seconds = std::chrono::duration<double>(segment->duration).count();
    check(seconds > 0 && std::lround(seconds) <= state->target_duration.count());
    if (const auto ts = hls::package_ts(*segment)) check((*ts)->size % 188 == 0);
    (void)hls::package_fmp4(*segment);
    (void)hls::package_init(*segment->info);
  }
  check_parts(*state);
  (void)hls::ts_media_playlist(*state);
  (void)hls::fmp4_media_playlist(*state);
  if (!state->segments.empty()) (void)hls::variant(*state, *state->segments.back()->info, "m");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  hls::WindowOptions options;
  options.max_bytes = 1 << 16;
  if (in.take<std::uint8_t>() & 1) options.part_duration = std::chrono::milliseconds(200);
  hls::Timeline timeline(hls::kOrigin);
  hls::Window window(options);
  auto arrival = hls::kOrigin;
  media::Ticks near = 0, last[3] = {-1, -1, -1};
  while (!in.empty()) {
    const auto step = in.take<std::uint8_t>();
    if (step < 8) {
      const auto info = info_of(in.take<std::uint8_t>());
      timeline.set_info(*info);
      window.set_info(info);
      last[1] = -1;  // its clock rate may have changed
    } else if (step < 12) {
      window.interrupt(arrival);
      timeline.reconnect();
      if (step == 8) {
        arrival += std::chrono::seconds(in.take<std::uint8_t>());
        window.mark_gap(arrival);
      }
    } else {
      media::AccessUnit unit;
      unit.track = static_cast<media::TrackKind>(step % 3);
      const auto flags = in.take<std::uint8_t>();
      unit.key = flags & 1;
      unit.gap_before = flags & 2;
      unit.pts = time_of(in, flags >> 2, near);
      unit.dts = time_of(in, flags >> 4, near);
      arrival += std::chrono::milliseconds(flags & 64 ? in.take<std::int16_t>() : 40);
      unit.arrival = arrival;
      unit.data.assign(in.take<std::uint8_t>() * (flags & 128 ? 64u : 1u), 0x41);
      const auto brk = timeline.apply(unit);
      auto& before = last[step % 3];
      check(unit.dts > before && unit.pts >= unit.dts && unit.duration > 0);
      before = unit.dts;
      window.push(std::move(unit), brk);
    }
  }
  check_window(window, options);
  return 0;
}
