#include "libhls/ffmpeg/aac_encode.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/media/aac.h"
#include "libhls/ffmpeg/pcm.h"

namespace camctl::hls {
namespace {

using media::AccessUnitPtr;
using media::TrackKind;

constexpr auto kFrame = static_cast<std::int64_t>(AacEncoder::kFrame);
constexpr std::int64_t kWindowFrames = 2;  // an AAC frame's window overlaps with the next one's
// Frames that an encoder hears before the first one that counts, so that its choice of windows and its memory
// are those of an encoder that has always been running.
constexpr std::int64_t kPrimeFrames = 3;
// Times that differ by less from the count of samples are jitter; more is loss, or a camera's clock drifting.
constexpr std::int64_t kJitterPerSecond = 25;  // 1/25 s
constexpr std::size_t kPlainConfigBytes = 2;
constexpr std::int64_t kLongestSilence = 10;  // seconds that are filled: more than Timeline lets pass as one

std::int64_t to_samples(media::Ticks ticks, const media::AudioInfo& info) {
  return av_rescale(ticks, info.sample_rate, info.clock_rate);
}

std::int64_t begin_of(const media::AccessUnit& unit, const media::AudioInfo& info) {
  return to_samples(unit.dts, info);
}
std::int64_t end_of(const media::AccessUnit& unit, const media::AudioInfo& info) {
  return to_samples(unit.dts + unit.duration, info);
}

bool is_audio(const AccessUnitPtr& unit) { return unit->track == TrackKind::kAudio; }

// The stream's samples, by their number on its axis.
class SampleAxis {
 public:
  SampleAxis(const media::AudioInfo& info, AudioDecoder& decoder)
      : info_(info), decoder_(decoder), pcm_(std::min(info.channels, kMaxChannels)) {}

  void add(const media::AccessUnit& unit) {
    const auto at = begin_of(unit, info_);
    if (!begin_) begin_ = at;
    const auto off = at - (*begin_ + size());
    if (off > tolerance()) pcm_.silence(static_cast<std::size_t>(std::min(off, kLongestSilence * rate())));
    if (off < -tolerance()) pcm_.drop_back(static_cast<std::size_t>(-off));
    decoder_.decode(unit.data, pcm_);
  }

  // The samples from `first` to before `last`, silence where there are none.
  Pcm cut(std::int64_t first, std::int64_t last) const {
    Pcm result(pcm_.channel.size());
    result.silence(static_cast<std::size_t>(last - first));
    const auto from = std::max(first, *begin_);
    const auto to = std::min(last, *begin_ + size());
    if (from >= to) return result;
    for (std::size_t i = 0; i < pcm_.channel.size(); ++i)
      std::copy(pcm_.channel[i].begin() + (from - *begin_), pcm_.channel[i].begin() + (to - *begin_),
                result.channel[i].begin() + (from - first));
    return result;
  }

 private:
  std::int64_t rate() const { return info_.sample_rate; }
  std::int64_t size() const { return static_cast<std::int64_t>(pcm_.size()); }
  std::int64_t tolerance() const { return rate() / kJitterPerSecond; }

  const media::AudioInfo& info_;
  AudioDecoder& decoder_;
  std::optional<std::int64_t> begin_;
  Pcm pcm_;
};

// The frames of the grid that belong to a segment: from `first` to before `last`.
struct GridRange {
  std::int64_t first = 0, last = 0;
};

GridRange frames_of(std::int64_t begin, std::int64_t end, bool continues) {
  // Frame k counts where its window's end, (k + 2) * kFrame, is in (begin, end]. Where nothing came before,
  // the one that `begin` is in comes first: a player that starts here finds no hole.
  const auto first = continues ? begin / kFrame - kWindowFrames + 1 : begin / kFrame;
  return {std::max<std::int64_t>(first, 0), end / kFrame - kWindowFrames + 1};
}

// Video as it was, with the new audio between it by decoding time.
std::vector<AccessUnitPtr> merge(const Segment& segment, const std::vector<AccessUnitPtr>& audio) {
  std::vector<AccessUnitPtr> video;
  std::copy_if(segment.units.begin(), segment.units.end(), std::back_inserter(video),
               [](const auto& unit) { return !is_audio(unit); });
  if (video.empty()) return audio;
  const auto video_rate = segment.info->video->clock_rate;
  const auto audio_rate = segment.info->audio->sample_rate;
  std::vector<AccessUnitPtr> result;
  result.reserve(video.size() + audio.size());
  std::merge(video.begin(), video.end(), audio.begin(), audio.end(), std::back_inserter(result),
             [&](const auto& a, const auto& b) {
               const auto time = [&](const auto& unit) {
                 return to_media_time(unit->dts, is_audio(unit) ? audio_rate : video_rate);
               };
               return time(a) < time(b);
             });
  return result;
}

AccessUnitPtr make_unit(std::int64_t frame, media::Bytes data, const AccessUnitPtr& like) {
  auto unit = std::make_shared<media::AccessUnit>();
  unit->track = TrackKind::kAudio;
  unit->key = true;
  unit->pts = unit->dts = frame * kFrame;
  unit->duration = kFrame;
  unit->arrival = like->arrival;
  unit->data = std::move(data);
  return unit;
}

}  // namespace

std::optional<media::AudioInfo> encoded_audio(const media::AudioInfo& audio) {
  if (audio.clock_rate == 0 || audio.sample_rate == 0 || audio.channels == 0) return std::nullopt;
  media::AudioInfo result;
  result.codec = media::Codec::kAac;
  result.sample_rate = result.clock_rate = audio.sample_rate;
  result.channels = std::min(audio.channels, kMaxChannels);
  auto config = media::make_audio_specific_config(result.sample_rate, result.channels);
  // Sample rates of the standard's table are those that the encoder has; others need more bytes here.
  if (!config || config->size() != kPlainConfigBytes || !AudioDecoder::open(audio)) return std::nullopt;
  result.config = std::move(*config);
  return result;
}

std::vector<AccessUnitPtr> audio_lead_in(const Segment& segment) {
  std::vector<AccessUnitPtr> result;
  if (!segment.info->audio) return result;
  const auto& info = *segment.info->audio;
  const auto wanted = (kPrimeFrames + kWindowFrames + 1) * kFrame;
  for (auto unit = segment.units.rbegin(); unit != segment.units.rend(); ++unit) {
    if (!is_audio(*unit)) continue;
    result.push_back(*unit);
    if (end_of(*result.front(), info) - begin_of(**unit, info) >= wanted) break;
  }
  std::reverse(result.begin(), result.end());
  return result;
}

Result<Segment> encode_aac(const Segment& segment, std::span<const AccessUnitPtr> lead_in,
                           std::uint32_t bitrate) {
  const auto& info = *segment.info->audio;
  const auto made = encoded_audio(info);
  if (!made) return fail(ErrorCode::kUnsupported, "encoding audio: this kind can't be encoded");
  auto decoder = AudioDecoder::open(info);
  if (!decoder) return fail(decoder.error());
  auto encoder = AacEncoder::open(made->sample_rate, made->channels, bitrate);
  if (!encoder) return fail(encoder.error());

  SampleAxis axis(info, *decoder);
  for (const auto& unit : lead_in) axis.add(*unit);
  AccessUnitPtr first, last;
  for (const auto& unit : segment.units) {
    if (!is_audio(unit)) continue;
    if (!first) first = unit;
    last = unit;
    axis.add(*unit);
  }

  std::vector<AccessUnitPtr> audio;
  GridRange range;
  if (first) {
    const auto begin = lead_in.empty() ? begin_of(*first, info) : end_of(*lead_in.back(), info);
    range = frames_of(begin, end_of(*last, info), !lead_in.empty());
  }
  if (range.first < range.last) {
    const auto heard = std::max<std::int64_t>(range.first - kPrimeFrames, 0);
    auto frames = encoder->encode(axis.cut(heard * kFrame, (range.last + kWindowFrames - 1) * kFrame));
    if (!frames) return fail(frames.error());
    // The encoder's frame i has its window from (i - 1) * kFrame of what it heard: it is the grid's heard + i
    // - 1.
    for (auto k = range.first; k < range.last; ++k) {
      const auto index = static_cast<std::size_t>(k - heard + 1);
      if (index < frames->size()) audio.push_back(make_unit(k, std::move((*frames)[index]), first));
    }
  }

  Segment result = segment;
  auto new_info = std::make_shared<media::StreamInfo>(*segment.info);
  new_info->audio = *made;
  result.info = std::move(new_info);
  result.units = merge(segment, audio);
  result.audio_end = audio.empty() ? 0 : range.last * kFrame;
  result.bytes = 0;
  for (const auto& unit : result.units) result.bytes += unit->data.size();
  return result;
}

}  // namespace camctl::hls
