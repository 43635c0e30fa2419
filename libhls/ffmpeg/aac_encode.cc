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
// What must have been heard from a frame's beginning until it can be coded: its window, which overlaps with
// the next one's, and one frame ahead.
constexpr std::int64_t kHeardFrames = 3;
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
  SampleAxis(media::AudioInfo info, AudioDecoder decoder)
      : info_(std::move(info)), decoder_(std::move(decoder)), pcm_(std::min(info_.channels, kMaxChannels)) {}

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
    if (!begin_) return result;
    const auto from = std::max(first, *begin_);
    const auto to = std::min(last, *begin_ + size());
    if (from >= to) return result;
    for (std::size_t i = 0; i < pcm_.channel.size(); ++i)
      std::copy(pcm_.channel[i].begin() + (from - *begin_), pcm_.channel[i].begin() + (to - *begin_),
                result.channel[i].begin() + (from - first));
    return result;
  }

  const media::AudioInfo& info() const { return info_; }

 private:
  std::int64_t rate() const { return info_.sample_rate; }
  std::int64_t size() const { return static_cast<std::int64_t>(pcm_.size()); }
  std::int64_t tolerance() const { return rate() / kJitterPerSecond; }

  media::AudioInfo info_;
  AudioDecoder decoder_;
  std::optional<std::int64_t> begin_;
  Pcm pcm_;
};

AccessUnitPtr make_unit(std::int64_t frame, media::Bytes data, const media::AccessUnit& like) {
  auto unit = std::make_shared<media::AccessUnit>();
  unit->track = TrackKind::kAudio;
  unit->key = true;
  unit->pts = unit->dts = frame * kFrame;
  unit->duration = kFrame;
  unit->arrival = like.arrival;
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
  const auto wanted = (kPrimeFrames + kHeardFrames + 1) * kFrame;
  for (auto unit = segment.units.rbegin(); unit != segment.units.rend(); ++unit) {
    if (!is_audio(*unit)) continue;
    result.push_back(*unit);
    if (end_of(*result.front(), info) - begin_of(**unit, info) >= wanted) break;
  }
  std::reverse(result.begin(), result.end());
  return result;
}

struct AacEncoding::State {
  SampleAxis axis;
  AacEncoder encoder;
  media::AudioInfo track;
  std::int64_t begin = 0;                 // where the segment's audio begins: where the lead-in ends
  bool continues = false;                 // there was a lead-in
  std::optional<std::int64_t> next = {};  // the frame to come; nothing before the first unit
  std::int64_t given = 0;                 // up to which frame the encoder has heard
  std::int64_t coming = 0;                // the frame that it will give next
};

AacEncoding::AacEncoding(std::unique_ptr<State> state) : state_(std::move(state)) {}
AacEncoding::AacEncoding(AacEncoding&&) noexcept = default;
AacEncoding& AacEncoding::operator=(AacEncoding&&) noexcept = default;
AacEncoding::~AacEncoding() = default;

const media::AudioInfo& AacEncoding::track() const { return state_->track; }

Result<AacEncoding> AacEncoding::begin(const media::AudioInfo& audio, std::uint32_t bitrate,
                                       std::span<const AccessUnitPtr> lead_in) {
  const auto made = encoded_audio(audio);
  if (!made) return fail(ErrorCode::kUnsupported, "encoding audio: this kind can't be encoded");
  auto decoder = AudioDecoder::open(audio);
  if (!decoder) return fail(decoder.error());
  auto encoder = AacEncoder::open(made->sample_rate, made->channels, bitrate);
  if (!encoder) return fail(encoder.error());
  auto state =
      std::make_unique<State>(State{SampleAxis(audio, std::move(*decoder)), std::move(*encoder), *made});
  for (const auto& unit : lead_in) state->axis.add(*unit);
  state->continues = !lead_in.empty();
  if (state->continues) state->begin = end_of(*lead_in.back(), audio);
  return AacEncoding(std::move(state));
}

Result<AacEncoding::Frames> AacEncoding::add(std::span<const AccessUnitPtr> units) {
  auto& state = *state_;
  const media::AccessUnit* last = nullptr;
  for (const auto& unit : units) {
    if (!is_audio(unit)) continue;
    if (!state.next) {
      if (!state.continues) state.begin = begin_of(*unit, state.axis.info());
      // Frame k counts where what it needs, up to (k + kHeardFrames) * kFrame, ends behind `begin`. Where
      // nothing came before, the one that `begin` is in comes first: a player that starts here finds no hole.
      const auto first = state.begin / kFrame - (state.continues ? kHeardFrames - 1 : 0);
      state.next = std::max<std::int64_t>(first, 0);
      state.given = std::max<std::int64_t>(*state.next - kPrimeFrames, 0);
      state.coming = state.given - 1;  // its window begins a frame before what is heard
    }
    last = unit.get();
    state.axis.add(*unit);
  }
  Frames result;
  if (last == nullptr) return result;
  const auto heard = end_of(*last, state.axis.info()) / kFrame;
  if (heard <= state.given) return result;
  auto frames = state.encoder.encode(state.axis.cut(state.given * kFrame, heard * kFrame));
  if (!frames) return fail(frames.error());
  state.given = heard;
  for (auto& data : *frames) {
    const auto frame = state.coming++;
    if (frame < *state.next) continue;
    result.units.push_back(make_unit(frame, std::move(data), *last));
    result.end = (frame + 1) * kFrame;
  }
  return result;
}

std::vector<AccessUnitPtr> merge_audio(const media::StreamInfo& info, std::span<const AccessUnitPtr> units,
                                       const AacEncoding::Frames& audio) {
  std::vector<AccessUnitPtr> video;
  std::copy_if(units.begin(), units.end(), std::back_inserter(video),
               [](const auto& unit) { return !is_audio(unit); });
  if (video.empty()) return audio.units;
  const auto video_rate = info.video->clock_rate;
  const auto audio_rate = info.audio->sample_rate;
  std::vector<AccessUnitPtr> result;
  result.reserve(video.size() + audio.units.size());
  std::merge(video.begin(), video.end(), audio.units.begin(), audio.units.end(), std::back_inserter(result),
             [&](const auto& a, const auto& b) {
               const auto time = [&](const auto& unit) {
                 return to_media_time(unit->dts, is_audio(unit) ? audio_rate : video_rate);
               };
               return time(a) < time(b);
             });
  return result;
}

Result<Segment> encode_aac(const Segment& segment, std::span<const AccessUnitPtr> lead_in,
                           std::uint32_t bitrate) {
  auto encoding = AacEncoding::begin(*segment.info->audio, bitrate, lead_in);
  if (!encoding) return fail(encoding.error());
  const auto audio = encoding->add(segment.units);
  if (!audio) return fail(audio.error());
  return with_encoded_audio(segment, *encoding, *audio);
}

}  // namespace camctl::hls
