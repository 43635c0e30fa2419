#include "libhls/playlist.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/media/aac.h"
#include "base/media/h264.h"
#include "base/media/h265.h"
#include "libhls/playlist_text.h"

namespace camctl::hls {
namespace {

using media::Codec;

// A variant's BANDWIDTH is an upper bound (RFC 8216 §4.3.4.2), and what is to come may be larger than what is
// listed.
constexpr double kHeadroom = 1.1;
// What packager_fmp4 writes around the payload: the boxes of a segment, and an entry of trun for each unit.
constexpr std::size_t kSegmentOverhead = 300, kUnitOverhead = 16;
// Bits per second that an audio encoder may make of other codecs' audio.
constexpr double kEncodedAudio = 192'000;

// Pieces of a playlist that both kinds share.
enum class Kind { kTs, kFmp4 };

// EXT-X-VERSION: 3 for fractional EXTINF, 6 for EXT-X-MAP without I-frames only (RFC 8216 §7).
int version(Kind kind) { return kind == Kind::kTs ? 3 : 6; }

Result<std::string> media_playlist(const WindowState& state, Kind kind, std::string_view prefix) {
  if (state.classic.empty()) return fail(ErrorCode::kNotFound, "no segment yet");
  const auto& front = *state.classic.front();
  auto out = fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n",
                         version(kind), state.target_duration.count(), front.number - front.gaps_before);
  // The tag before the first segment counts on from here (RFC 8216 §4.3.3.3, §6.2.2).
  const auto sequence = front.discontinuity_sequence - (front.discontinuity ? 1 : 0);
  if (sequence > 0 || front.discontinuity) out += fmt::format("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", sequence);
  if (state.independent) out += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  const Segment* before = nullptr;
  for (const auto& segment : state.classic) {
    if (segment->discontinuity) out += "#EXT-X-DISCONTINUITY\n";
    if (kind == Kind::kFmp4 &&
        (before == nullptr || segment->discontinuity || before->init_version != segment->init_version)) {
      out += fmt::format("#EXT-X-MAP:URI=\"{}{}\"\n", prefix, init_segment_name(segment->init_version));
    }
    out += fmt::format(
        "#EXT-X-PROGRAM-DATE-TIME:{}\n#EXTINF:{:.5f},\n{}{}\n", playlist_date(segment->program_date_time),
        seconds(segment->duration), prefix,
        kind == Kind::kTs ? ts_segment_name(segment->number) : fmp4_segment_name(segment->number));
    before = segment.get();
  }
  if (state.ended) out += "#EXT-X-ENDLIST\n";
  return out;
}

std::string video_codec(const media::VideoInfo& video) {
  if (video.codec == Codec::kH264) return media::h264_codec_string(video.sps);
  if (video.codec != Codec::kH265) return {};
  const auto sps = media::parse_h265_sps(video.sps);
  return sps ? media::h265_codec_string(*sps) : "hvc1.1.6.L93.B0";
}

struct Rates {
  double peak = 0, average = 0, audio = 0;  // bit/s
};

// What a stretch of media takes.
struct Stretch {
  double bits = 0, length = 0;  // length in seconds
  double frames = 0;
  double audio = 0;  // bits of it
};

template <class Media>
Stretch measure(const Media& media, const media::StreamInfo& shown) {
  Stretch result;
  result.length = std::max(seconds(media.duration), 1e-3);
  const auto bytes = media.bytes + kSegmentOverhead + media.units.size() * kUnitOverhead;
  const bool encoded = shown.audio && media.info->audio && shown.audio->codec != media.info->audio->codec;
  result.bits = 8.0 * static_cast<double>(bytes) + (encoded ? kEncodedAudio * result.length : 0);
  result.audio = encoded ? kEncodedAudio * result.length : 0;
  for (const auto& unit : media.units) {
    if (unit->track == media::TrackKind::kVideo)
      ++result.frames;
    else if (!encoded)
      result.audio += 8.0 * static_cast<double>(unit->data.size() + kUnitOverhead);
  }
  return result;
}

// The complete segments that are in memory; before there is one, the parts of the first.
std::vector<Stretch> stretches(const WindowState& state, const media::StreamInfo& shown) {
  std::vector<Stretch> result;
  auto at = state.segments.end();
  while (at != state.segments.begin() && !(*(at - 1))->on_disk) --at;
  for (; at != state.segments.end(); ++at)
    if (!(*at)->gap) result.push_back(measure(**at, shown));
  if (!result.empty() || !state.open) return result;
  Stretch sum;
  for (const auto& part : state.open->parts) {
    const auto one = measure(*part, shown);
    sum = {sum.bits + one.bits, sum.length + one.length, sum.frames + one.frames, sum.audio + one.audio};
  }
  return {sum};
}

Rates rates_of(const WindowState& state, const std::vector<Stretch>& measured) {
  Rates rates;
  double bits = 0, length = 0, audio = 0;
  for (const auto& one : measured) {
    bits += one.bits;
    length += one.length;
    audio += one.audio;
    // RFC 8216 §4.1: the peak is over contiguous segments of at least half a target duration.
    if (2 * one.length >= static_cast<double>(state.target_duration.count()))
      rates.peak = std::max(rates.peak, one.bits / one.length);
  }
  rates.average = bits / length;
  rates.audio = audio / length;
  rates.peak = kHeadroom * std::max(rates.peak, rates.average);
  return rates;
}

// The declared rate, or what the newest stretch shows.
double frame_rate(const Stretch& newest, const media::VideoInfo& video) {
  const auto& declared = video.frame_rate;
  const auto measured = newest.frames / newest.length;
  const auto said =
      declared.numerator == 0 ? 0.0 : static_cast<double>(declared.numerator) / declared.denominator;
  // Cameras declare nonsense (90000 fps) now and then.
  return said > 0 && std::abs(said - measured) < 0.2 * measured ? said : measured;
}

}  // namespace

std::string playlist_date(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     milliseconds);
}

std::string ts_segment_name(std::uint64_t number) { return fmt::format("playlist{}.ts", number); }
std::string fmp4_segment_name(std::uint64_t number) { return fmt::format("seg{}.m4s", number); }
std::string init_segment_name(std::uint32_t version) { return fmt::format("init-{}.mp4", version); }

Result<std::string> ts_media_playlist(const WindowState& state, std::string_view prefix) {
  return media_playlist(state, Kind::kTs, prefix);
}

Result<std::string> fmp4_media_playlist(const WindowState& state, std::string_view prefix) {
  return media_playlist(state, Kind::kFmp4, prefix);
}

std::string codecs(const media::StreamInfo& info) {
  std::string out;
  if (info.video) out = video_codec(*info.video);
  if (info.audio && info.audio->codec == Codec::kAac) {
    if (!out.empty()) out += ',';
    out += media::aac_codec_string(info.audio->config);
  }
  return out;
}

namespace {

// The text of `variant`, from what else it holds.
void write(Variant& variant, std::string_view media_uri) {
  auto& out = variant.text;
  out = fmt::format("#EXT-X-STREAM-INF:BANDWIDTH={:.0f},AVERAGE-BANDWIDTH={:.0f}",
                    std::ceil(variant.bandwidth), std::ceil(variant.average));
  if (const auto list = codecs(variant.info); !list.empty()) out += fmt::format(",CODECS=\"{}\"", list);
  if (const auto& video = variant.info.video) {
    if (video->width != 0 && video->height != 0)
      out += fmt::format(",RESOLUTION={}x{}", video->width, video->height);
    if (variant.frame_rate > 0) out += fmt::format(",FRAME-RATE={:.3f}", variant.frame_rate);
  }
  out += fmt::format("\n{}\n", media_uri);
}

}  // namespace

Result<Variant> variant(const WindowState& state, const media::StreamInfo& info, std::string_view media_uri) {
  const auto measured = stretches(state, info);
  if (measured.empty()) return fail(ErrorCode::kNotFound, "no segment yet");
  const auto rates = rates_of(state, measured);
  Variant result;
  result.independent = state.independent;
  result.info = info;
  if (info.video) result.frame_rate = frame_rate(measured.back(), *info.video);
  result.bandwidth = rates.peak;
  result.average = rates.average;
  result.audio = rates.audio;
  write(result, media_uri);
  return result;
}

Variant planned_variant(const Variant& source, const PlannedVariant& planned, std::string_view media_uri) {
  Variant result;
  result.independent = source.independent;
  result.info = planned.info;
  result.frame_rate = source.frame_rate;
  result.audio = source.audio;
  // RFC 8216 §4.1: the peak is over half a target duration at the least, which may spend the buffer besides.
  const auto shortest = std::max(static_cast<double>(planned.target_duration.count()) / 2, 1.0);
  const double burst = std::chrono::duration<double>(planned.rate_buffer).count() / shortest;
  const double boxes = 8.0 * kUnitOverhead * source.frame_rate + 8.0 * kSegmentOverhead;
  result.bandwidth = kHeadroom * (planned.bitrate * (1 + burst) + source.audio + boxes);
  result.average = kHeadroom * planned.bitrate + source.audio + boxes;
  if (planned.measured) {
    result.bandwidth = std::max(result.bandwidth, planned.measured->bandwidth);
    result.average = std::max(result.average, planned.measured->average);
  }
  write(result, media_uri);
  return result;
}

std::string multivariant_playlist(std::span<const Variant> variants) {
  auto out = fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n", version(Kind::kFmp4));
  if (std::ranges::all_of(variants, &Variant::independent)) out += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  for (const auto& one : variants) out += one.text;
  return out;
}

}  // namespace camctl::hls
